import { createHash } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toBase64, toHex } from '../../base/bytes.ts'
import { sha256 } from '../../base/digest.ts'
import type { EntryFilter } from '../../journal/source-filter.ts'
import type { Proved } from '../../journal/source-proof.ts'
import { leafHash } from '../../log/leaf.ts'
import { formatVkey } from '../../log/note-key.ts'
import { parseTlogProof } from '../../log/tlog-proof.ts'
import { type CustodyKind, caseReadme } from './case-readme.ts'
import type { CustodyEntry } from './custody.ts'
import type { Trusted } from './trusted.ts'

export type CaseHead = {
  readonly name: string
  readonly reason: string
  readonly by: string
  readonly at: string
  readonly filter: EntryFilter
  readonly custody: CustodyKind
}

/** The receipt of the entry that tells of the export, once a checkpoint covers it. */
export const CUSTODY_PROOF = 'custody.tlog-proof'

/** How to come by the receipt of an entry that no checkpoint covered yet. */
export const laterProof = (index: number, file: string): string =>
  `\`gatehouse journal proof ${index} --key FILE --out ${file}\` over the same journal writes it`

/** A case while it is written; only its owner may read it until it is handed on. */
export type CaseFolder = {
  readonly add: (entry: Proved & { readonly at: string; readonly kind: string }) => Promise<void>
  /** Writes what goes with the entries, and the manifest of all. */
  readonly finish: () => Promise<{ readonly count: number; readonly first: number; readonly last: number; readonly manifest: string }>
  /** The entry that tells of the export, beside the manifest whose digest it names; `proof` is null while no checkpoint covers it. */
  readonly custody: (entry: CustodyEntry & { readonly manifest: string; readonly proof: string | null }) => Promise<void>
}

export async function openCase(folder: string, head: CaseHead, { trust, policyText }: Trusted): Promise<CaseFolder> {
  for (const part of ['entries', 'proofs', 'checkpoints']) await mkdir(join(folder, part), { recursive: true, mode: 0o700 })
  const vkey = formatVkey(trust.key)
  // Digests are kept, contents are not: a case may be long.
  const digests = new Map<string, string>()
  const index = await open(join(folder, 'index.jsonl'), 'wx', 0o600)
  let count = 0
  let [first, last, example] = [Infinity, -1, null as number | null]
  const write = (path: string, content: Uint8Array | string) => writeFile(join(folder, path), content, { mode: 0o600, flag: 'wx' })

  async function file(path: string, content: Uint8Array | string): Promise<void> {
    if (digests.has(path)) return
    await write(path, content)
    digests.set(path, toHex(sha256(content)))
  }

  return {
    async add({ index: at, body, text, size, at: recordedAt, kind }) {
      const proof = parseTlogProof(text)
      await file(`entries/${at}.json`, body)
      await file(`proofs/${at}.tlog-proof`, text)
      if (proof.ok) await file(`checkpoints/${size}`, proof.value.checkpoint)
      const line = Buffer.from(
        `${JSON.stringify({ index: at, leaf: toBase64(leafHash(body)), at: recordedAt, kind, entry: `entries/${at}.json`, proof: `proofs/${at}.tlog-proof`, checkpoint: `checkpoints/${size}` })}\n`,
      )
      await index.write(line)
      count += 1
      first = Math.min(first, at)
      last = Math.max(last, at)
      example ??= at
    },

    async finish() {
      await index.close()
      const { filter, ...told } = head
      await file('log.vkey', `${vkey}\n`)
      await file('policy', policyText ?? `log ${vkey}\nquorum none\n`)
      await file('case.json', `${JSON.stringify({ ...told, log: trust.name, filter, entries: count }, null, 2)}\n`)
      await file('README.md', caseReadme({ ...told, log: trust.name, keyId: trust.key.id, entries: count, example, hasPolicy: policyText !== null }))
      digests.set('index.jsonl', await digestOf(join(folder, 'index.jsonl')))
      const manifest = [...digests]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, digest]) => `${digest}  ${path}\n`)
        .join('')
      await write('manifest.sha256', manifest)
      return { count, first, last, manifest }
    },

    async custody({ index: at, leaf, body, manifest, proof }) {
      await write('custody-entry.json', body)
      if (proof !== null) await write(CUSTODY_PROOF, proof)
      const later = proof === null ? { proof: null, later: laterProof(at, CUSTODY_PROOF) } : { proof: CUSTODY_PROOF }
      await write('custody.json', `${JSON.stringify({ index: at, leaf, manifest, entry: 'custody-entry.json', ...later }, null, 2)}\n`)
    },
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path)
  try {
    for await (const part of file.createReadStream()) hash.update(part as Buffer)
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
