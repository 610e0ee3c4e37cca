const SHOWN = 3

/** The first of many accounts, and how many more. */
export function fewOf(accounts: readonly string[]): string {
  const more = accounts.length - SHOWN
  return more > 0 ? `${accounts.slice(0, SHOWN).join(', ')} and ${more} more` : accounts.join(', ')
}
