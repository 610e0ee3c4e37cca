import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { checkTail } from '../../src/journal/check-tail.ts'
import { openSignerKey } from '../../src/journal/key.ts'
import { signCheckpoint } from '../../src/journal/sign.ts'
import { fileSigner } from '../../src/journal/signer.ts'
import { signerStateFile } from '../../src/journal/signer-state.ts'
import { type Report, verifyJournal } from '../../src/journal/verify.ts'
import { Fault } from '../../src/model/fault.ts'
import type { ProcessRole } from '../../src/store/grants.ts'
import { journalStore } from '../../src/store/journal-store.ts'
import { openStorePool } from '../../src/store/open-pool.ts'
import { vaultStore } from '../../src/store/vault-store.ts'
import { ORIGIN } from '../support/journal.ts'
import { type Kept, type Ledger, openLedger, Wrong } from './ledger.ts'
import { type Server, startServer } from './server.ts'
import { startWriter, type WriterProcess } from './writer-process.ts'

const GOES_ON_WITHIN_MS = 60_000
/** A writer that goes on is acknowledged an entry so far behind what was there when the server was up. */
const GOES_ON = 5
const ATTEMPTS = 3

/** A journal on a PostgreSQL of its own, two writers in processes of theirs, a signer, and a ledger kept outside of all that crashes. */
export type CrashHouse = {
  readonly server: Server
  readonly ledger: Ledger
  readonly writers: () => readonly WriterProcess[]
  /** Waits until server and both writers run again, each acknowledged anew; starts what is dead. Throws when it does not come about. */
  readonly recover: () => Promise<void>
  /** All acknowledged is there once, with its ciphertext, the tail is the head's, and the signer finds that the journal only grew. */
  readonly check: () => Promise<void>
  /** Kills both writers, so that nothing is acknowledged any more and the next check is of all there ever was. */
  readonly settle: () => Promise<void>
  /** The whole journal read again and verified, with every checkpoint and what the signer remembers. */
  readonly verify: () => Promise<Report>
  /**
   * Starts of PostgreSQL and of writers it took, times a writer shut itself for good, batches sent behind one that was under way, and times a writer was struck
   * while it had two.
   */
  readonly counts: { server: number; writers: number; shut: number; behind: number; struckInTwo: number }
  /** `keep` leaves the folder where it is, to be looked at. */
  readonly close: (keep?: boolean) => Promise<void>
  readonly folder: string
}

/** `rests`: the second writer pauses now and then, so that the first is alone for a while. */
export async function openCrashHouse({ rests = false } = {}): Promise<CrashHouse> {
  const place = mkdtempSync(join(tmpdir(), 'gatehouse-points-'))
  chmodSync(place, 0o711)
  const server = await startServer(join(place, 'data'))
  const ledger = openLedger()
  const counts = { server: 0, writers: 0, shut: 0, behind: 0, struckInTwo: 0 }
  let settling = false
  const onStruck = (): void => {
    if (!settling) counts.struckInTwo++
  }
  const begin = (node: ProcessRole): WriterProcess =>
    startWriter({ url: server.url(node), node, ledger, rests: rests && node !== 'gate', onBehind: () => counts.behind++, onStruck })
  const writers = [begin('gate'), begin('apply')]
  const pool = openStorePool({ connectionString: server.url('sign'), max: 2 })
  const store = journalStore({ pool })
  const kept: Kept = {
    read: store.read,
    payloads: vaultStore(pool).payloads,
    stands: async () => {
      const text = 'select size::int, (select count(*)::int from payload) as ciphertexts from journal_head'
      const [row] = (await pool.query<Awaited<ReturnType<Kept['stands']>>>(text)).rows
      if (!row) throw new Error('the journal has no head')
      return row
    },
  }
  const key = await openSignerKey({ path: join(place, 'signer.key'), origin: ORIGIN, random: randomBytes })
  const state = signerStateFile(join(place, 'signer.state'))

  async function recover(): Promise<void> {
    const until = performance.now() + GOES_ON_WITHIN_MS
    for (let size = await sizeOnceUp(); ; await pause(5)) {
      for (const [i, writer] of writers.entries()) {
        if (writer.end() === null) continue
        if (writer.end() === 'exit 9') counts.shut++
        counts.writers++
        writers[i] = begin(writer.node as ProcessRole)
      }
      if (writers.every((writer) => writer.highest() >= size + GOES_ON)) return
      if (performance.now() > until) throw new Wrong(`work does not go on: ${writers.map(stateOf).join('; ')}`)
      if (writers.some((writer) => writer.end() !== null)) size = await sizeOnceUp()
    }
  }

  async function settle(): Promise<void> {
    settling = true
    for (const writer of writers) writer.kill('SIGKILL')
    await Promise.all(writers.map(({ ended }) => ended))
  }

  async function sizeOnceUp(): Promise<number> {
    for (;;) {
      counts.server += await server.up()
      const head = await store.head().catch(() => null)
      if (head) return head.size
    }
  }

  return {
    server,
    ledger,
    writers: () => writers,
    counts,
    recover,
    check: async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          await ledger.check(kept)
          await checkTail(store)
          await signCheckpoint({ store, signer: fileSigner(key), state })
          return
        } catch (cause) {
          // What was struck may have taken its time to fall.
          if (cause instanceof Wrong || cause instanceof Fault || attempt === ATTEMPTS) throw cause
          await recover()
        }
      }
    },
    settle,
    verify: async () => {
      await ledger.checkAll(kept)
      return verifyJournal({ store, vkey: key, remembered: await state.load() })
    },
    folder: place,
    close: async (keep = false) => {
      await settle()
      await pool.end()
      await server.stop()
      if (!keep) rmSync(place, { recursive: true, force: true })
    },
  }
}

const stateOf = ({ node, end, acknowledged, refused, troubles }: WriterProcess): string =>
  `${node}: ${end() ?? 'lives'}, ${acknowledged()} acknowledged, ${refused()} refused, ${troubles.slice(-3).join(' | ')}`
