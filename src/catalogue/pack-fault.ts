/** One thing wrong with a pack, and where: `catalogue/tms/operations.yaml:12: …`. */
export type PackFault = { readonly file: string; readonly line: number; readonly message: string }

/** Where a path of a pack stands. */
export type At = (path: readonly PropertyKey[]) => Pick<PackFault, 'file' | 'line'>
