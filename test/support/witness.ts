import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claimWitnessFolder, witnessFolder } from '../../src/archive/witness/memory.ts'
import { witnessServer } from '../../src/archive/witness/server.ts'
import { openWitness, type Witness } from '../../src/archive/witness/witness.ts'
import { type CosignerKey, cosignerKey, formatVkey, type VerifierKey } from '../../src/log/note-key.ts'

/** A real witness on a port of its own, with its memory on disk. */
export type TestWitness = {
  readonly key: CosignerKey
  readonly url: string
  readonly folder: string
  readonly witness: Witness
  /** Its line in a policy. */
  readonly line: (name: string) => string
  readonly post: (
    body: string | Uint8Array,
    path?: string,
    method?: string,
  ) => Promise<{ readonly status: number; readonly type: string | null; readonly text: string }>
  readonly close: () => Promise<void>
}

export type TestWitnessChoice = { readonly name?: string; readonly now?: () => number; readonly key?: CosignerKey; readonly port?: number }

export async function startTestWitness(logs: readonly VerifierKey[], choice: TestWitnessChoice = {}): Promise<TestWitness> {
  const { name = 'witness.test/w1', now = () => Date.UTC(2026, 8, 1), port = 0 } = choice
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-witness-'))
  const key = choice.key ?? cosignerKey(name, randomBytes(32))
  await claimWitnessFolder(join(folder, 'state'), key)
  const witness = openWitness({ key, logs, memory: witnessFolder(join(folder, 'state')), clock: now })
  const server = witnessServer({ witness, logs, prefix: '', failed: () => undefined })
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    key,
    url,
    folder: join(folder, 'state'),
    witness,
    line: (as) => `witness ${as} ${formatVkey(key)} ${url}\n`,
    post: async (body, path = '/add-checkpoint', method = 'POST') => {
      const response = await fetch(`${url}${path}`, { method, ...(method === 'POST' && { body: typeof body === 'string' ? body : new Uint8Array(body) }) })
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
