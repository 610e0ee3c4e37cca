import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { done, type Outcome, refuse } from '../base/outcome.ts'
import { leafHash } from '../log/leaf.ts'
import { formatVkey } from '../log/note-key.ts'
import { type Policy, parsePolicy } from '../log/policy.ts'
import { type Proven, parseTlogProof, verifyTlogProof } from '../log/tlog-proof.ts'
import { Fault } from '../model/fault.ts'
import { EXIT, judging } from './journal/asked.ts'
import { fileOf } from './journal/options.ts'
import { plain, plainJson } from './journal/plain.ts'
import { type Trusted, trusted } from './journal/trusted.ts'

type Options = { readonly key?: string; readonly policy?: string; readonly entry?: string; readonly leaf?: string; readonly json?: true }

/** `gatehouse receipt verify`: whether an entry is in the log where its receipt says. Offline: it asks nobody. */
export function receiptCommand(program: Command): void {
  const receipt = new Command('receipt').description('a receipt that somebody kept: verify')
  receipt
    .command('verify')
    .description('whether the entry is in the log where its receipt says, by the log’s key or a policy; asks nobody')
    .argument('<file>', 'the receipt, `.tlog-proof`')
    .option('--key <file>', "the log's verifier key, `journal.key.vkey`, from where you trust it")
    .option('--policy <file>', 'a tlog-policy: the log, its witnesses, and the quorum that must have seen it')
    .option('--entry <file>', "the entry's own bytes, as they were exported")
    .option('--leaf <base64>', 'instead of the entry, its leaf hash, as an answer bears it')
    .option('--json', 'the finding as JSON')
    .addHelpText(
      'after',
      `\nExit code: ${EXIT.holds} it holds, 1 the command was not understood, ${EXIT.doesNotHold} it does not hold, ${EXIT.couldNotAsk} a file could not be read.`,
    )
    .action((file: string, options: Options) => judging(() => verify(file, options)))
  program.addCommand(receipt)
}

async function verify(file: string, options: Options): Promise<boolean> {
  const text = fileOf('the receipt', file)
  const leaf = leafOf(options)
  const believing = await trusted(options)
  const proof = parseTlogProof(text)
  const found = judgeReceipt({ text, leaf, believing })
  if (options.json)
    process.stdout.write(
      `${plainJson(found.ok ? { ok: true, index: found.value.index, ...said(found.value.judged) } : { ok: false, fault: found.refusal }, 2)}\n`,
    )
  else if (!found.ok)
    process.stdout.write(`THE RECEIPT DOES NOT HOLD: ${plain(found.refusal)}\n${proof.ok ? `  it says that it is of entry ${proof.value.index}\n` : ''}`)
  else {
    const { size, log, quorum } = said(found.value.judged)
    process.stdout.write(`the receipt holds: this is entry ${found.value.index} of the log ${plain(log)}, in its tree of ${size} entries\n  ${plain(quorum)}\n`)
    if (found.value.unauthenticatedExtra) process.stdout.write('  it carries further data that nobody signed\n')
  }
  return found.ok
}

/**
 * Whether the receipt proves this leaf by the policy, or the key alone. With both, the log must be the one of that key: a policy may know others, and whoever
 * hands on a receipt may have written the policy that came with it. @internal
 */
export function judgeReceipt({
  text,
  leaf,
  believing,
}: {
  readonly text: string
  readonly leaf: Uint8Array
  readonly believing: Pick<Trusted, 'trust' | 'vkey' | 'policy'>
}): Outcome<Proven, string> {
  const found = verifyTlogProof({ text, leaf, policy: policyOf(believing) })
  const proof = parseTlogProof(text)
  if (!found.ok || !proof.ok) return found
  const opened = believing.trust.open(proof.value.checkpoint)
  return opened.ok ? done(found.value) : refuse(`its checkpoint ${opened.refusal}`)
}

const said = ({ checkpoint, log, cosigned, words }: Proven['judged']) => ({
  log: log.name,
  size: checkpoint.size,
  cosigned,
  quorum: words,
})

/** The policy; or, by the key alone, the policy that believes it and asks for no witness. */
function policyOf({ policy, vkey }: Pick<Trusted, 'policy' | 'vkey'>): Policy {
  if (policy) return policy
  const alone = parsePolicy(`log ${vkey ? formatVkey(vkey) : ''}\nquorum none\n`)
  if (!alone.ok) throw new Error(`a key alone is a policy: ${alone.refusal.join(', ')}`)
  return alone.value
}

function leafOf({ entry, leaf }: Options): Uint8Array {
  if ((entry === undefined) === (leaf === undefined))
    throw new Fault(
      'config_invalid',
      'a receipt is of an entry, and none is named',
      "name the entry's bytes with --entry FILE, or its leaf hash with --leaf, and not both",
    )
  if (entry !== undefined) return leafHash(bytesOf(entry))
  const hash = Buffer.from(leaf ?? '', 'base64')
  if (hash.length === 32 && hash.toString('base64') === leaf) return hash
  throw new Fault('config_invalid', 'what --leaf names is no leaf hash', 'name 32 bytes in base64, as the answer bore them')
}

function bytesOf(path: string): Uint8Array {
  fileOf('--entry', path)
  return readFileSync(path)
}
