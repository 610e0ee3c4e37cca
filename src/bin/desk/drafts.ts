import type { Draft } from '../../changes/draft.ts'
import type { CallAnswer } from '../../contract/console.ts'
import type { Desk } from '../../desk/desk.ts'
import { type Showing, type Shown, show } from '../../gate/show.ts'
import { CONFIRMED_SECONDS } from '../../model/confirmation.ts'
import { reach } from '../../store/reach.ts'
import type { Lookup } from './lookup.ts'
import { reached } from './reached.ts'

export type DraftsHouse = {
  readonly showing: Showing
  readonly lookup: Lookup
  /** By whom, when and why a session was revoked, if it was. */
  readonly revokedOf: (session: string) => Promise<Revoked>
  readonly clock: () => number
}
type Revoked = CallAnswer<'drafts'>['drafts'][number]['revoked']

const SHOWN_MAX = 100

/** A person's drafts, and one of them with clear values once they confirmed that it is them. */
export function draftPorts(house: DraftsHouse): Pick<Desk, 'drafts' | 'showDraft'> {
  const { catalogue } = house.showing
  const view = async (draft: Draft) => ({
    id: draft.id,
    kind: catalogue.operations[draft.operation]?.form ?? ('letter' as const),
    title: `${catalogue.operations[draft.operation]?.title ?? draft.operation}: ${draft.key}`,
    operation: draft.operation,
    agent: await house.lookup.agentOf(draft.session),
    preparedAt: draft.createdAt,
    revoked: await house.revokedOf(draft.session),
  })
  return {
    drafts: ({ viewer }) => reach(async () => ({ drafts: await Promise.all((await house.showing.drafts.ofPerson(viewer.person, SHOWN_MAX)).map(view)) })),
    async showDraft(id, { viewer, correlation }) {
      const confirmed = house.clock() - viewer.confirmedAt < CONFIRMED_SECONDS * 1000
      const shown = await reached(() => show(house.showing, id, { person: viewer.person, confirmed }, correlation))
      if (!shown.ok) return shown
      const draft = await reach(() => house.showing.drafts.find(id))
      if (!draft.ok) return draft
      const kept = draft.value
      if (kept === null) throw new Error('a draft that was shown is gone')
      return reach(async () => ({ ...(await view(kept)), lines: linesOf(shown.value) }))
    },
  }
}

/** A label is its lines; a letter is who it goes to, then the agent's words. */
function linesOf({ form, fields, text }: Shown): string[] {
  const facts = fields.filter(({ value }) => value !== '').map(({ label, value }) => (form === 'label' ? value : `${label}: ${value}`))
  return text === '' ? facts : [...facts, '', ...text.split('\n')]
}
