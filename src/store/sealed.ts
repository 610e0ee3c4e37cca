import type { Vault } from '../journal/vault/vault.ts'

/** The value of a column, or that it was erased, or altered. */
export async function opened(vault: Vault, text: string, context: string): Promise<string> {
  const value = await vault.open(text, context)
  return typeof value === 'string' ? value : value.text
}
