import type { Asked } from './agent.ts'

/** What a scripted run saw: counts for the table, and every expectation with what came instead. */
export type Findings = {
  readonly expect: (what: string, held: boolean, instead?: string) => void
  /** Counts an answer's rows and covered fields, or a refusal by its code. */
  readonly count: (asked: Asked) => Asked
  readonly asks: () => number
  readonly distinct: (question: string) => void
  readonly questions: () => number
  readonly refusals: ReadonlyMap<string, number>
  readonly covered: ReadonlyMap<string, number>
  readonly changes: Map<string, number>
  readonly held: () => number
  readonly failed: () => readonly string[]
  /** Shipments seen on the way, for the next step to work with. */
  readonly shipments: { readonly id: string; readonly status: string; readonly customer: string }[]
}

export function findings(): Findings {
  const refusals = new Map<string, number>()
  const covered = new Map<string, number>()
  const questions = new Set<string>()
  const failed: string[] = []
  let asks = 0
  let held = 0
  return {
    expect(what, is, instead = '') {
      if (is) held++
      else failed.push(instead === '' ? what : `${what} (instead: ${instead})`)
    },
    count(asked) {
      asks++
      if (!asked.ok) refusals.set(asked.code, (refusals.get(asked.code) ?? 0) + 1)
      else for (const how of Object.values(asked.body.covered)) covered.set(how, (covered.get(how) ?? 0) + asked.body.rows.length)
      return asked
    },
    asks: () => asks,
    distinct: (question) => void questions.add(question),
    questions: () => questions.size,
    refusals,
    covered,
    changes: new Map(),
    held: () => held,
    failed: () => failed,
    shipments: [],
  }
}
