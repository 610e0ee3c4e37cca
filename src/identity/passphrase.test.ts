import { randomBytes, scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openPassphrases } from './passphrase.ts'

const passphrases = openPassphrases({ random: randomBytes })
const hashOf = async (text: string): Promise<string> => {
  const hash = await passphrases.hash(text)
  return hash.ok ? hash.value : ''
}

describe('passphrases', () => {
  it('are kept as scrypt with N of 2^15 and a salt of their own', async () => {
    const [kind, n, r, p, salt = '', hash = ''] = (await hashOf('twelve chars')).split('$')
    expect([kind, n, r, p]).toEqual(['scrypt', '32768', '8', '1'])
    const again = scryptSync('twelve chars', Buffer.from(salt, 'base64url'), 32, { N: 32768, maxmem: 2 ** 26 })
    expect(again.toString('base64url')).toBe(hash)
    expect(await hashOf('twelve chars')).not.toBe(await hashOf('twelve chars'))
  })

  it.each([
    ['the same', 'naïve café au lait', true],
    ['the same in another Unicode form', 'naïve café au lait'.normalize('NFD'), true],
    ['another case', 'Naïve café au lait', false],
    ['nothing', '', false],
  ])('match %s or not', async (_, typed, matches) => {
    expect(await passphrases.matches(typed, await hashOf('naïve café au lait'))).toEqual({ ok: true, value: matches })
  })

  it('match nothing where none is set', async () => {
    expect(await passphrases.matches('', null)).toEqual({ ok: true, value: false })
  })

  it('turn those away who come when 32 are waiting, and serve all others', async () => {
    const stored = await hashOf('twelve chars')
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => passphrases.matches('twelve chars', stored)))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(33)
    expect(outcomes.find(({ ok }) => !ok)).toMatchObject({ refusal: { code: 'rate_limited', retryAfterSeconds: 5 } })
    expect(await passphrases.matches('twelve chars', stored)).toEqual({ ok: true, value: true })
  })
})
