import type { Change, Image } from '../changes/change.ts'
import type { Vault } from '../journal/vault/vault.ts'
import { ERASED } from '../model/erased.ts'
import type { ChangeVeil } from './change-store.ts'
import { opened } from './sealed.ts'

/**
 * What a change says of a record, and why, sealed in its row under the person whose agent proposed it and the account it is about. Once one of them is
 * erased it is no change any more that anybody approved: its digest is another.
 */
export function sealedChanges(vault: Vault): ChangeVeil {
  const at = (change: Change, column: string): string => `change ${change.id} ${column}`
  return {
    async close(change) {
      const about = [change.person, ...(change.account === ERASED ? [] : [`account:${change.account}`])]
      const seal = (text: string, column: string, more: readonly string[] = []) => vault.seal([...about, ...more], text, at(change, column))
      const { decisionReason, decidedBy, salt } = change
      return {
        ...change,
        account: change.account === ERASED ? ERASED : await vault.accountAlias(change.account),
        key: await seal(change.key, 'key'),
        before: { sealed: await seal(JSON.stringify(change.before), 'before') },
        after: { sealed: await seal(JSON.stringify(change.after), 'after') },
        reason: await seal(change.reason, 'reason'),
        decisionReason: decisionReason === null ? null : await seal(decisionReason, 'decision_reason', decidedBy === null ? [] : [decidedBy]),
        ...(salt === undefined ? {} : { salt: await seal(salt, 'salt') }),
      }
    },
    async open(row) {
      const text = (value: string, column: string) => opened(vault, value, at(row, column))
      const image = async (kept: Image, column: string): Promise<Image> => {
        if (typeof kept['sealed'] !== 'string' || !kept['sealed'].startsWith('gv1.')) return kept
        const value = await vault.open(kept['sealed'], at(row, column))
        return typeof value === 'string' ? {} : (JSON.parse(value.text) as Image)
      }
      const [account] = await vault.accountsOf([row.account])
      return {
        ...row,
        account: account ?? ERASED,
        key: await text(row.key, 'key'),
        before: await image(row.before, 'before'),
        after: await image(row.after, 'after'),
        reason: await text(row.reason, 'reason'),
        decisionReason: row.decisionReason === null ? null : await text(row.decisionReason, 'decision_reason'),
        ...(row.salt === undefined ? {} : { salt: await text(row.salt, 'salt') }),
      }
    },
  }
}
