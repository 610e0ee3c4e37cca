import { fromBase64url, toBase64url } from '../../base/bytes.ts'
import { deriveKey } from '../../base/digest.ts'
import { type DataKey, decrypt, encrypt } from './cipher.ts'
import { fading } from './fading.ts'
import { type KeyRing, openKeyRing } from './key-ring.ts'
import { isPseudonym, parseRef } from './subject.ts'
import { openSubjects, type SubjectParts, type Subjects } from './subjects.ts'

/** What was opened: the text; or that its key was destroyed, or that somebody altered it, or moved it from another place. */
export type Opened = { readonly text: string } | 'erased' | 'altered'

/**
 * Seals values so that they can be erased: under a key of each subject they concern and of the month, of which destroying one is enough.
 * A subject is a reference (`account:ACME`), a pseudonym, or a person's plain identifier, as rows had it before there were pseudonyms. `context` names the place a value stands in: moved elsewhere it does not open.
 * Calls reject when store or master key cannot be reached.
 */
export type Vault = {
  readonly subjects: Subjects
  /** What stands in a row in the place of an account's number. */
  readonly accountAlias: (account: string) => Promise<string>
  /** The same to tell of it in an entry: also while the account is being erased, since that wants no key. */
  readonly accountTold: (account: string) => Promise<string>
  /** The accounts' numbers again; null for one that is erased. What is no alias is from before there were any. */
  readonly accountsOf: (aliases: readonly string[]) => Promise<readonly (string | null)[]>
  /** The key of these subjects now, for who seals many values at once. */
  readonly keyOf: (subjects: readonly string[]) => Promise<DataKey>
  /** Text for a column: `gv1.<keys>.<base64url>`. */
  readonly seal: (subjects: readonly string[], text: string, context: string) => Promise<string>
  /** What `seal` gave. Text that it did not give is from before there was a vault, and comes back as it is. */
  readonly open: (text: string, context: string) => Promise<Opened>
  /** A secret for one purpose that goes with the subject's key of a month. `at`: milliseconds since the epoch. */
  readonly secret: (subject: string, at: number, purpose: string) => Promise<Uint8Array>
  readonly toOpen: KeyRing['toOpen']
}

const SEALED = /^gv1\.([\w+-]+)\.([\w-]+)$/

export function openVault(parts: SubjectParts): Vault {
  const subjects = openSubjects(parts)
  const ring = openKeyRing(parts)
  const secrets = fading<string, Uint8Array>(5000, parts.clock)

  const named = async (subject: string): Promise<string> => {
    return isPseudonym(subject) ? subject : subjects.pseudonym(parseRef(subject) ?? `person:${subject}`)
  }
  const keyOf = async (about: readonly string[], at = parts.clock()): Promise<DataKey> => ring.toSeal(await Promise.all(about.map(named)), monthOf(at))

  return {
    subjects,
    accountAlias: (account) => subjects.pseudonym(`account:${account}`),
    accountTold: async (account) => {
      const ref = `account:${account}` as const
      return (await subjects.known(ref)) ?? (await subjects.found(ref)) ?? subjects.pseudonym(ref)
    },
    async accountsOf(aliases) {
      const refs = await subjects.whoAll(aliases.filter(isPseudonym))
      const known = new Map(aliases.filter(isPseudonym).map((alias, i) => [alias, refs[i] ?? null]))
      return aliases.map((alias) => {
        const ref = known.get(alias) ?? null
        if (ref === null) return alias
        return ref === 'erased' ? null : ref.slice(ref.indexOf(':') + 1)
      })
    },
    keyOf: (about) => keyOf(about),
    async seal(about, text, context) {
      const key = await keyOf(about)
      return `gv1.${key.id}.${toBase64url(encrypt(key, text, context, parts.random))}`
    },
    async open(text, context) {
      const [, id, spelled] = SEALED.exec(text) ?? []
      if (id === undefined || spelled === undefined) return { text }
      const key = await ring.toOpen(id)
      if (key === null) return 'erased'
      const bytes = fromBase64url(spelled)
      const opened = bytes && decrypt(key, bytes, context)
      return opened === null ? 'altered' : { text: opened }
    },
    async secret(subject, at, purpose) {
      const name = `${subject} ${monthOf(at)} ${purpose}`
      const held = secrets.get(name)
      if (held) return held
      const fresh = deriveKey((await keyOf([subject], at)).key, `gatehouse vault ${purpose}`, 32)
      secrets.set(name, fresh)
      return fresh
    },
    toOpen: ring.toOpen,
  }
}

/** The month a key is of, UTC. */
const monthOf = (at: number): string => new Date(at).toISOString().slice(0, 7)
