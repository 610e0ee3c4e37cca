import { describe, expect, it } from 'vitest'
import { contextReads } from './reads.ts'

const readsOf = (...conditions: readonly string[]) =>
  contextReads(Object.fromEntries(conditions.map((text, i) => [`p${i}`, `permit (principal, action, resource) when { ${text} };`])))

const PARTS: readonly (readonly [condition: string, parts: readonly string[]])[] = [
  ['true', []],
  ['principal.agent.version == "context"', []],
  ['context.hour < 8', ['hour']],
  ['context["weekday"] == 0', ['weekday']],
  ['context.input.status == "held"', ['input.status']],
  ['context["input"]["status"] like "h*"', ['input.status']],
  ['context.input has reason', ['input.reason']],
  ['context.input has reason.more', ['input.reason']],
  ['context has hour', ['hour']],
  ['context has input.reason', ['input.reason']],
  ['if context.limit > 5 then context.hour == 1 else !(context.input.a == context.input.b)', ['limit', 'hour', 'input.a', 'input.b']],
  ['[context.hour, 3].contains(4)', ['hour']],
  ['{ a: context.hour }.a == 3', ['hour']],
  ['ip(context.input.address).isLoopback()', ['input.address']],
  ['context.input.when.year == 1', ['input.when']],
]

const WHOLE = [
  'context == context',
  'context.input == { status: "held" }',
  'context has input',
  '{ all: context }.all.hour == 1',
  'resource.getTag("x") == context.input',
  '[context.input].contains({ status: "held" })',
]

describe('contextReads', () => {
  it.each(PARTS)('finds what `%s` looks at', (condition, parts) => {
    expect(readsOf(condition)).toEqual(new Set(parts))
  })

  it.each(WHOLE)('takes all for read where `%s` looks at the whole', (condition) => {
    expect(readsOf('context.hour == 1', condition)).toBeNull()
  })

  it('finds the reads of every policy and every clause, `unless` too', () => {
    const text = 'forbid (principal, action, resource) when { context.hour < 8 } unless { context.input.status == "held" };'
    expect(contextReads({ a: text, b: 'permit (principal, action, resource) when { context.limit == 1 };' })).toEqual(
      new Set(['hour', 'input.status', 'limit']),
    )
  })
})
