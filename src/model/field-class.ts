/** What kind of data a field holds. `secret` never leaves, whatever a policy says. */
export const FIELD_CLASSES = ['open', 'commercial', 'personal', 'secret', 'freetext'] as const
export type FieldClass = (typeof FIELD_CLASSES)[number]
