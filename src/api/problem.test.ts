import { describe, expect, it } from 'vitest'
import { Problem } from '../contract/connector.ts'
import { REFUSAL_CODES, refusal } from '../model/refusal.ts'
import { problemFor, sentenceOf } from './problem.ts'

const RULE = { id: 'no-cancelling', owner: 'Head of Operations', reason: 'the shift lead does it' }

describe('problemFor', () => {
  it.each(REFUSAL_CODES)('says %s by its stable code, with what to do next', (code) => {
    const problem = problemFor(refusal(code, 'what happened'), 'cor-1', 'https://desk.example')
    expect(Problem.parse(problem)).toEqual(problem)
    expect(problem).toMatchObject({ type: `urn:gatehouse:refusal:${code}`, code, correlationId: 'cor-1', detail: 'what happened' })
    expect(problem.status).toBeGreaterThanOrEqual(400)
    expect(problem.title).toMatch(/^[A-Z].*[^.]$/)
    expect(problem.next).toMatch(/^[a-z].*[^.]$/)
    expect(problem).not.toHaveProperty('rule')
    expect(problem).not.toHaveProperty('requestAccess')
    expect(problem).not.toHaveProperty('retryAfterSeconds')
  })

  it('names the rule and where to ask for access, and the seconds to wait', () => {
    expect(problemFor(refusal('forbidden', 'd', { rule: RULE }), 'cor-1', 'https://desk.example')).toMatchObject({
      rule: RULE,
      requestAccess: 'https://desk.example/refusals/cor-1',
    })
    expect(problemFor(refusal('rate_limited', 'd', { retryAfterSeconds: 0 }), 'cor-1', '')).toMatchObject({ retryAfterSeconds: 0 })
  })
})

describe('sentenceOf', () => {
  it('says all of it in words an agent can hand on', () => {
    const problem = problemFor(refusal('forbidden', 'not permitted here', { rule: RULE, retryAfterSeconds: 3 }), 'cor-1', 'https://desk.example')
    expect(sentenceOf(problem)).toBe(
      [
        'Refused: Not permitted. not permitted here.',
        'Rule: no-cancelling, owned by Head of Operations (the shift lead does it).',
        "Next: ask the rule's owner for access.",
        'Ask for access: https://desk.example/refusals/cor-1',
        'Try again in 3 s.',
        'Correlation id: cor-1 (forbidden)',
      ].join('\n'),
    )
  })

  it('leaves out what there is not', () => {
    expect(sentenceOf(problemFor(refusal('not_found', 'no such record'), 'cor-1', ''))).not.toMatch(/Rule|Ask for access|Try again/)
  })
})
