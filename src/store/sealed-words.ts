import type { Draft, DraftStore } from '../changes/draft.ts'
import type { AccessRequest, AccessRequests } from '../desk/access-requests.ts'
import type { Vault } from '../journal/vault/vault.ts'
import { ERASED } from '../model/erased.ts'
import { reach } from './reach.ts'
import { opened } from './sealed.ts'

/** The same store with a draft's record and words sealed in its rows, under its person and the account it is about. An erased one opens to `erased`. */
export function sealedDrafts(drafts: DraftStore, vault: Vault): DraftStore {
  const open = async (draft: Draft): Promise<Draft> => ({
    ...draft,
    key: await opened(vault, draft.key, contextOf(draft, 'key')),
    sealed: await opened(vault, draft.sealed, contextOf(draft, 'sealed')),
  })
  return {
    async keep(draft) {
      const about = draft.account === undefined ? [draft.person] : [draft.person, `account:${draft.account}`]
      const closed = await reach(async () => ({
        ...draft,
        key: await vault.seal(about, draft.key, contextOf(draft, 'key')),
        sealed: await vault.seal(about, draft.sealed, contextOf(draft, 'sealed')),
      }))
      return closed.ok ? drafts.keep(closed.value) : closed
    },
    find: async (id) => {
      const found = await drafts.find(id)
      return found && open(found)
    },
    ofPerson: async (person, limit) => Promise.all((await drafts.ofPerson(person, limit)).map(open)),
  }
}

const contextOf = ({ id }: Draft, column: 'key' | 'sealed'): string => `draft ${id} ${column}`

/** The same store with what was asked and answered sealed in its rows. */
export function sealedRequests(requests: AccessRequests, vault: Vault): AccessRequests {
  async function open(request: AccessRequest): Promise<AccessRequest> {
    const { id, note, answered } = request
    const answer = answered && (await opened(vault, answered.answer, `access_request ${id} answer`))
    return { ...request, note: await opened(vault, note, `access_request ${id} note`), answered: answered && { ...answered, answer: answer ?? ERASED } }
  }
  return {
    add: async (request) => requests.add({ ...request, note: await vault.seal([request.person], request.note, `access_request ${request.id} note`) }),
    ofRefusal: async (correlation) => opensOne(requests.ofRefusal(correlation)),
    openOf: (about) => opensOne(requests.openOf(about)),
    find: (id) => opensOne(requests.find(id)),
    async shownTo(who, limit) {
      const { open: waiting, answered } = await requests.shownTo(who, limit)
      return { open: await Promise.all(waiting.map(open)), answered: await Promise.all(answered.map(open)) }
    },
    async answer(id, given) {
      const asked = await requests.find(id)
      const about = asked === null ? [given.by] : [given.by, asked.person]
      return requests.answer(id, { ...given, answer: await vault.seal(about, given.answer, `access_request ${id} answer`) })
    },
  }

  async function opensOne(found: Promise<AccessRequest | null>): Promise<AccessRequest | null> {
    const request = await found
    return request && open(request)
  }
}
