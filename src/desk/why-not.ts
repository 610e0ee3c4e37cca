import type { Change } from '../changes/change.ts'
import type { RefusalCode } from '../model/refusal.ts'
import type { Directory } from '../policy/directory.ts'
import type { Viewer } from './desk.ts'

/** An approver sees the changes of the use cases they decide, everybody their own agents'. */
export const maySee = ({ decides }: Pick<Directory, 'decides'>, viewer: Viewer, change: Change): boolean =>
  change.person === viewer.person || decides(viewer.groups, change.useCase)

/** Why a viewer may not decide a change, for the page to say beforehand; null when they may. `gate/approve` judges for itself. */
export function whyNot({ decides }: Pick<Directory, 'decides'>, viewer: Viewer, change: Change): RefusalCode | null {
  if (change.state !== 'proposed' && change.state !== 'stale') return 'change_not_waiting'
  if (change.person === viewer.person) return 'own_change'
  return decides(viewer.groups, change.useCase) ? null : 'not_approver'
}
