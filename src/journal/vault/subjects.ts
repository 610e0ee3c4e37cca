import type { Clock, Random } from '../../base/clock.ts'
import { dataKey, decrypt, encrypt } from './cipher.ts'
import { fading } from './fading.ts'
import type { MasterKey } from './master-key.ts'
import { parseRef, pseudonymOf, type SubjectRef } from './subject.ts'
import type { SubjectRow, VaultStore } from './vault-store.ts'

/** Who is called what. Both directions are remembered for a while (`fading.ts`). Calls reject when store or master key cannot be reached. */
export type Subjects = {
  /** The subject's pseudonym, made at the first call. */
  readonly pseudonym: (ref: SubjectRef) => Promise<string>
  /** The same, or null where there is none: nothing is made. */
  readonly known: (ref: SubjectRef) => Promise<string | null>
  /** The same, also while it is being erased: for who goes on with that. */
  readonly found: (ref: SubjectRef) => Promise<string | null>
  /** Whether the master key is the one these subjects were begun with. The first to ask begins. */
  readonly isOurs: () => Promise<boolean>
  /** Who that is; `erased`, or null when nobody is called so. */
  readonly who: (pseudonym: string) => Promise<SubjectRef | 'erased' | null>
  /** The same of many, asked for at once. */
  readonly whoAll: (pseudonyms: readonly string[]) => Promise<readonly (SubjectRef | 'erased' | null)[]>
}

export type SubjectParts = { readonly store: VaultStore; readonly master: MasterKey; readonly random: Random; readonly clock: Clock }

const HELD_MAX = 5000
/** Nobody's: whether it unwraps says whose the master key is. */
export const MARK = 'h-0000000000000000'

export function openSubjects({ store, master, random, clock }: SubjectParts): Subjects {
  const names = fading<SubjectRef, string>(HELD_MAX, clock)
  const people = fading<string, SubjectRef>(HELD_MAX, clock)

  async function known(ref: SubjectRef): Promise<string | null> {
    const held = names.get(ref)
    if (held !== undefined) return held
    const row = await rowOf(ref)
    if (row === null || row.erasingAt !== null) return null
    names.set(ref, row.pseudonym)
    return row.pseudonym
  }

  async function rowOf(ref: SubjectRef): Promise<SubjectRow | null> {
    const row = await store.subjectByIndex(await master.index(ref))
    // The attacker: who can write rows and put one person's index beside another's name.
    if (row !== null && (await opened(row)) !== ref) throw new Error(`${row.pseudonym} is found by the index of somebody else`)
    return row
  }

  async function made(ref: SubjectRef): Promise<string> {
    const key = random(32)
    const pseudonym = pseudonymOf(ref, key)
    const [index, wrapped] = [await master.index(ref), await master.wrap(key, subjectContext(pseudonym))]
    const stands = await store.addSubject({ pseudonym, index, wrapped, sealed: encrypt(dataKey(pseudonym, key), ref, subjectContext(pseudonym), random) })
    if (stands.erasingAt !== null) throw new Error(`${stands.pseudonym} is being erased`)
    // The attacker: who lets the insert fall onto somebody else's row, so that one person is called what another is.
    if ((await opened(stands)) !== ref) throw new Error(`${stands.pseudonym} stands where somebody new was to be added, and is somebody else`)
    names.set(ref, stands.pseudonym)
    return stands.pseudonym
  }

  async function opened({ pseudonym, sealed, wrapped, erasedAt }: SubjectRow): Promise<SubjectRef | 'erased'> {
    if (erasedAt !== null || sealed === null || wrapped === null) return 'erased'
    const key = await master.unwrap(wrapped, subjectContext(pseudonym))
    const text = key && decrypt(dataKey(pseudonym, key), sealed, subjectContext(pseudonym))
    const ref = text === null ? null : parseRef(text)
    if (ref === null) throw new Error(`the name behind ${pseudonym} does not open: the master key is another, or the row was altered`)
    return ref
  }

  async function whoAll(pseudonyms: readonly string[]): Promise<readonly (SubjectRef | 'erased' | null)[]> {
    const told = new Map<string, SubjectRef | 'erased'>()
    const unknown = pseudonyms.filter((one) => {
      const held = people.get(one)
      if (held !== undefined) told.set(one, held)
      return held === undefined
    })
    for (const row of unknown.length === 0 ? [] : await store.subjects(unknown)) {
      const ref = await opened(row)
      told.set(row.pseudonym, ref)
      if (ref !== 'erased') people.set(row.pseudonym, ref)
    }
    return pseudonyms.map((one) => told.get(one) ?? null)
  }

  return {
    async isOurs() {
      const [found = null] = await store.subjects([MARK])
      if (found === null) {
        const key = random(32)
        const row = { pseudonym: MARK, index: await master.index(MARK), wrapped: await master.wrap(key, subjectContext(MARK)) }
        await store.addSubject({ ...row, sealed: encrypt(dataKey(MARK, key), 'house:mark', subjectContext(MARK), random) })
      }
      const [row] = found ? [found] : await store.subjects([MARK])
      return row !== undefined && row.wrapped !== null && (await master.unwrap(row.wrapped, subjectContext(MARK))) !== null
    },
    known,
    found: async (ref) => (await rowOf(ref))?.pseudonym ?? null,
    pseudonym: async (ref) => (await known(ref)) ?? made(ref),
    whoAll,
    who: async (pseudonym) => (await whoAll([pseudonym]))[0] ?? null,
  }
}

/** A subject's key, and its name, open for this subject alone. */
export const subjectContext = (pseudonym: string): string => `gatehouse vault subject ${pseudonym}`
