/** What a policy may let happen to a field: `see` it clear, `refer` to it by a token, or get a `hint`. Else it is redacted. */
export const COVER_ACTIONS = ['see', 'refer', 'hint'] as const
