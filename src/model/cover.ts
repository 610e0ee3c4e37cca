/**
 * How a field leaves the house. `clear`: as it is. `token`: a stand-in that means something in this session only.
 * `partial`: a hint of it. `redact`: a fixed mark, the value is not even fetched.
 */
export const COVERS = ['clear', 'token', 'partial', 'redact'] as const
export type Cover = (typeof COVERS)[number]
