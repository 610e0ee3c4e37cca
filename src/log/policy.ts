import type { Brand } from '../base/brand.ts'
import { mint } from '../base/brand.ts'
import { sameBytes } from '../base/bytes.ts'
import type { Outcome } from '../base/outcome.ts'
import { done, refuse } from '../base/outcome.ts'
import type { VerifierKey, WitnessKey } from './note-key.ts'
import { parseVkey, parseWitnessVkey } from './note-key.ts'

/** Far above the 32 logs, witnesses and groups that every reader must take. */
const LINES_MAX = 4096

/** `url` is where it is spoken to, as the file has it: nobody has looked at it. */
export type PolicyLog = { readonly key: VerifierKey; readonly url: string | null }
export type PolicyWitness = { readonly name: string; readonly key: WitnessKey; readonly url: string | null }

/** Who must have cosigned. A group holds when `threshold` of its members do; no witness stands in a group by two ways. */
export type Rule =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly name: string }
  | { readonly kind: 'group'; readonly name: string; readonly threshold: number; readonly members: readonly Rule[] }

/** Which logs are believed, and whose cosignatures a checkpoint needs (C2SP tlog-policy). Only `parsePolicy` makes one. */
export type Policy = Brand<{ readonly logs: readonly PolicyLog[]; readonly witnesses: readonly PolicyWitness[]; readonly quorum: Rule }, 'Policy'>

/**
 * The policy of a file's text, or all of its faults, each with its line. The text comes from UTF-8: an octet that was none shows as U+FFFD
 * and is refused outside comments, for two different names must not become one.
 */
export function parsePolicy(text: string): Outcome<Policy, readonly string[]> {
  const lines = text.split('\n')
  const whole = lines.pop() === ''
  if (lines.length > LINES_MAX) return refuse([`line ${LINES_MAX + 1}: a policy has at most ${LINES_MAX} lines`])
  const draft = policyDraft()
  const faults = lines.flatMap((line, i) => draft.take(line).map((fault) => `line ${i + 1}: ${fault}`))
  const end = [...(whole ? [] : ['the last line has no newline']), ...(draft.hasQuorumLine() ? [] : ['the policy has no `quorum` line'])]
  const all = [...faults, ...end.map((fault) => `line ${lines.length + 1}: ${fault}`)]
  return all.length > 0 ? refuse(all) : done(mint<Policy>(draft.policy()))
}

type Faults = readonly string[]

/** A policy while it is read. Each line is taken once, in order, and answered with its faults; a name can only be used below its line. */
function policyDraft() {
  const logs: PolicyLog[] = []
  const witnesses: PolicyWitness[] = []
  const rules = new Map<string, Rule>([['none', { kind: 'none' }]])
  const grouped = new Set<string>()
  let quorum: Rule | null = null
  let quorumLines = 0

  const define = (rule: Rule & { readonly name: string }): Faults => {
    if (rules.has(rule.name)) return [`the name \`${rule.name}\` is taken`]
    rules.set(rule.name, rule)
    return []
  }
  const statements: Readonly<Record<string, (words: readonly string[]) => Faults>> = {
    log: ([vkey = '', url = null, ...rest]) => {
      const key = parseVkey(vkey)
      if (!key) return ["`log` wants the log's verifier key (type 0x01), and perhaps a URL"]
      const faults = [...tooMany(rest), ...taken(key, logs)]
      logs.push({ key, url })
      return faults
    },
    witness: ([name = '', vkey = '', url = null, ...rest]) => {
      const key = parseWitnessVkey(vkey)
      // The name is taken all the same: one fault on this line, not one more on each that names it.
      const faults = [...(name === '' ? [] : define({ kind: 'witness', name })), ...tooMany(rest)]
      if (!key) return [...faults, "`witness` wants a name, the witness's verifier key (type 0x04), and perhaps a URL"]
      faults.push(...taken(key, witnesses))
      witnesses.push({ name, key, url })
      return faults
    },
    group: ([name, threshold = '', ...names]) => {
      if (name === undefined || names.length === 0) return ['`group` wants a name, `any`, `all` or a number, and at least one member']
      const faults = names.flatMap((member) => {
        const fault = member === 'none' || !rules.has(member) ? [`\`${member}\` is no witness or group of a line above`] : []
        const twice = grouped.has(member) ? [`\`${member}\` is a member of a group already`] : []
        grouped.add(member)
        return [...fault, ...twice]
      })
      const least = thresholdOf(threshold, names.length)
      if (least === null) faults.push(`\`${threshold}\` is not \`any\`, \`all\` or a number from 1 to ${names.length}`)
      const members = names.flatMap((member) => rules.get(member) ?? [])
      return [...faults, ...define({ kind: 'group', name, threshold: least ?? names.length, members })]
    },
    quorum: ([name, ...rest]) => {
      quorumLines += 1
      const rule = name === undefined ? undefined : rules.get(name)
      const faults = [...tooMany(rest), ...(quorumLines > 1 ? ['there is a `quorum` line already'] : [])]
      if (!rule) return [...faults, name === undefined ? '`quorum` wants a name' : `\`${name}\` is no witness or group of a line above`]
      quorum = rule
      return faults
    },
  }

  return {
    take(line: string): Faults {
      // Tab is the only control character; those above U+007F are octets of UTF-8 like any others.
      if (/[^\P{Cc}\t\u0080-\u009f]/u.test(line)) return ['a control character']
      const [statement, ...words] = line.split(/[ \t]+/).filter((word) => word !== '')
      if (statement === undefined || statement.startsWith('#')) return []
      if (line.includes('\ufffd') || !line.isWellFormed()) return ['not UTF-8']
      return Object.hasOwn(statements, statement)
        ? (statements[statement]?.(words) ?? [])
        : [`\`${statement}\` is not \`log\`, \`witness\`, \`group\` or \`quorum\``]
    },
    hasQuorumLine: () => quorumLines > 0,
    policy: () => {
      if (!quorum) throw new Error('a policy without faults has a quorum')
      return { logs, witnesses, quorum }
    },
  }
}

const tooMany = (rest: readonly string[]): Faults => (rest.length > 0 ? [`\`${rest.join(' ')}\` is more than the line may hold`] : [])

function taken(key: VerifierKey | WitnessKey, among: readonly { readonly key: VerifierKey | WitnessKey }[]): Faults {
  if (among.some((one) => sameBytes(one.key.publicKey, key.publicKey))) return [`the key of \`${key.name}\` is on a line above`]
  // The id is short: two keys of one name could share it, and then nobody could tell whose a signature is.
  return among.some((one) => one.key.name === key.name && one.key.id === key.id) ? [`another key has the name and id of \`${key.name}\``] : []
}

function thresholdOf(text: string, members: number): number | null {
  if (text === 'any') return 1
  if (text === 'all') return members
  const least = /^[1-9][0-9]*$/.test(text) ? Number(text) : 0
  return least >= 1 && least <= members ? least : null
}
