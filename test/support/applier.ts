import type pg from 'pg'
import type { Outcome } from '../../src/base/outcome.ts'
import { refuse } from '../../src/base/outcome.ts'
import { type Change, changeDigest } from '../../src/changes/change.ts'
import { openPool } from '../../src/connectors/sql/pool.ts'
import { postgresWriter } from '../../src/connectors/sql/postgres-writer.ts'
import type { Writer } from '../../src/connectors/writer.ts'
import { type Applier, apply, resume } from '../../src/gate/apply.ts'
import { approvals } from '../../src/gate/approvals.ts'
import { approve } from '../../src/gate/approve.ts'
import { refusal } from '../../src/model/refusal.ts'
import { personStore } from '../../src/store/person-store.ts'
import type { TestGate } from './gate.ts'
import { must, tokensOf } from './stages.ts'

/** The calls at which an applier may die, or may be told no. */
export type Step = 'intent' | 'claim' | 'write' | 'read' | 'outcome' | 'end'
/** `not done`, `done`: it dies before or after the call had its effect. `no`: it is told that it failed, and had none; `no, done`: that it failed, though it had. */
export type Fault = { readonly step: Step; readonly how: 'not done' | 'done' | 'no' | 'no, done' }

export type TestApplier = {
  /** A change proposed on this shipment of A and approved by another person. */
  readonly approved: (shipmentId: string) => Promise<Change>
  /** A process that takes up every change as the applier does, and meets this fault at most once. Answers what it said of each. */
  readonly look: (fault?: Fault) => Promise<readonly string[]>
  /** How often the record was written since the TMS was made, and what it says now. */
  readonly record: (shipmentId: string) => Promise<{ readonly status: unknown; readonly writes: number }>
  /** Who may decide, by the applier's own configuration. */
  readonly deciders: string[]
  readonly parts: (fault?: Fault) => Promise<Applier>
  readonly close: () => Promise<void>
}

export async function openTestApplier(here: TestGate): Promise<TestApplier> {
  const pool: pg.Pool = openPool({ url: here.tms.roleUrl('tms_write'), max: 2, statementTimeoutMs: 5000, name: 'test applier' })
  const writer = postgresWriter(pool)
  await personStore(here.pool).put({ id: 'ben', name: 'ben', groups: ['shift-leads'] })

  const deciders = ['ben']

  async function parts(fault?: Fault): Promise<Applier> {
    const known = approvals(
      (person) => deciders.includes(person),
      () => true,
    )
    known.learn((await here.entries()).map((entry, index) => ({ index, entry })))
    const at = faulty(fault)
    const { changes, catalogue } = here.gate
    const writing: Writer = {
      write: at('write', writer.write, () => ({ result: 'unknown', why: 'no word' }) as const),
      read: at('read', writer.read, () => Promise.reject(new Error('not reached'))),
    }
    const moved = at('end', changes.move, () => false)
    const claimed = at('claim', changes.move, () => false)
    const no = () => refuse(refusal('journal_unavailable', 'too late'))
    const [intent, outcome] = [at('intent', here.gate.record, no), at('outcome', here.gate.record, no)]
    return {
      catalogue,
      writers: { tms: writing },
      approvals: known,
      provenTo: async () => true,
      mayWrite: here.gate.mayWrite,
      changes: { ...changes, move: (to, from, version) => (to.state === 'applying' ? claimed : moved)(to, from, version) },
      record: (entry) => (entry.kind === 'change.applying' ? intent : outcome)(entry),
    }
  }

  async function look(fault?: Fault): Promise<readonly string[]> {
    const applier = await parts(fault)
    const said = (outcome: Outcome<Change, string>) => (outcome.ok ? outcome.value.state : outcome.refusal)
    const all: string[] = []
    try {
      for (const change of await here.gate.changes.inStates(['applying', 'unknown_outcome'], 50)) all.push(said(await resume(applier, change)))
      for (const change of await here.gate.changes.inStates(['approved'], 50)) all.push(said(await apply(applier, change)))
    } catch (error) {
      if (!(error instanceof Died)) throw error
      all.push('died')
    }
    return all
  }

  async function approved(shipmentId: string): Promise<Change> {
    const status = (await record(shipmentId)).status === 'held' ? 'in_transit' : 'held'
    const answer = must(await here.ask(await here.session(), 'proposeStatusChange', { shipmentId, status, reason: 'r' }))
    const change = await here.gate.changes.find(String(answer.rows[0]?.['id']))
    if (!change) throw new Error('not proposed')
    const approving = {
      changes: here.gate.changes,
      isApprover: async () => true,
      isRevoked: here.gate.isRevoked,
      mayWrite: here.gate.mayWrite,
      sign: () => '',
      authority: here.authority,
      tokensOf,
      record: here.gate.record,
      clock: here.gate.clock,
    }
    return must(await approve(approving, { change: change.id, seen: changeDigest(change), decision: 'approve', reason: 'r', by: 'ben', correlation: 'c' }))
  }

  async function record(shipmentId: string) {
    const [found] = await here.tms.sql('select status, version::int from tms.shipment where shipment_id = $1', [shipmentId])
    return { status: found?.['status'], writes: Number(found?.['version']) - 1 }
  }

  return { approved, look, record, deciders, parts, close: () => pool.end() }
}

class Died extends Error {}

/** Wraps a call so that it meets the fault of its step, once. */
function faulty(fault: Fault | undefined) {
  let left = fault
  return <Given extends readonly unknown[], T>(step: Step, call: (...given: Given) => Promise<T>, no: () => T | Promise<T>) =>
    async (...given: Given): Promise<T> => {
      if (left?.step !== step) return call(...given)
      const { how } = left
      left = undefined
      if (how === 'done' || how === 'no, done') await call(...given)
      if (how === 'no' || how === 'no, done') return no()
      throw new Died(step)
    }
}
