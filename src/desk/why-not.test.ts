import { describe, expect, it } from 'vitest'
import { changeOf } from '../../test/support/change.ts'
import type { Change } from '../changes/change.ts'
import type { RefusalCode } from '../model/refusal.ts'
import { maySee, whyNot } from './why-not.ts'

const directory = { decides: (groups: readonly string[], useCase: string) => groups.includes(`lead of ${useCase}`) }
const viewer = (person: string, groups: readonly string[] = []) => ({
  person,
  name: person,
  groups: [...groups],
  isApprover: true,
  signedInAt: 0,
  confirmedAt: 0,
})
const LEAD = viewer('erik', ['lead of customer-inquiry'])

const CASES: readonly (readonly [who: ReturnType<typeof viewer>, change: Partial<Change>, sees: boolean, why: RefusalCode | null])[] = [
  [LEAD, {}, true, null],
  [LEAD, { state: 'stale' }, true, null],
  [LEAD, { state: 'approved' }, true, 'change_not_waiting'],
  [LEAD, { person: 'erik' }, true, 'own_change'],
  [LEAD, { useCase: 'stock' }, false, 'not_approver'],
  [viewer('anna'), {}, true, 'own_change'],
  [viewer('mira'), {}, false, 'not_approver'],
]

describe('what a person may do with a change', () => {
  it.each(CASES)('%o of %o: sees it %s, may not for %s', (who, change, sees, why) => {
    expect([maySee(directory, who, changeOf(change)), whyNot(directory, who, changeOf(change))]).toEqual([sees, why])
  })
})
