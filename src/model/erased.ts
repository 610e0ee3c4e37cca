/** What stands in the place of a value whose key was destroyed. */
export const ERASED = 'erased'
