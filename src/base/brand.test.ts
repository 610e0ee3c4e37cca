import { describe, expect, it } from 'vitest'
import { type Brand, mint } from './brand.ts'

type Pass = Brand<{ readonly gate: string; readonly rights: readonly string[] }, 'Pass'>
type Ticket = Brand<{ readonly gate: string; readonly rights: readonly string[] }, 'Ticket'>

/** What may pass; that the rest does not compile is for `tsc` to find, which checks tests too. */
const enter = ({ gate, rights }: Pass): string => `${gate} ${rights.join()}`

describe('a branded value', () => {
  const pass = mint<Pass>({ gate: 'north', rights: ['read'] })

  it('is what was minted, with nothing added at run time', () => {
    expect(enter(pass)).toBe('north read')
    expect(Reflect.ownKeys(pass)).toEqual(['gate', 'rights'])
  })

  it('is not forged by the compiler’s leave: neither built, nor of another brand, nor minted of something else', () => {
    // @ts-expect-error built by hand
    expect(enter({ gate: 'south', rights: [] })).toBe('south ')
    // @ts-expect-error another brand of the same shape
    expect(enter(mint<Ticket>({ gate: 'north', rights: [] }))).toBe('north ')
    // @ts-expect-error a mint without what the brand holds
    expect(mint<Pass>({ gate: 'north' })).toEqual({ gate: 'north' })
  })

  it('loses its brand where it is taken apart and put together: a spread, a rest, an omission', () => {
    // @ts-expect-error a spread with more rights
    expect(enter({ ...pass, rights: ['write'] })).toBe('north write')
    // @ts-expect-error a spread as it was
    expect(enter({ ...pass })).toBe('north read')
    const { rights, ...rest } = pass
    // @ts-expect-error a rest, completed again
    expect(enter({ ...rest, rights: [...rights, 'write'] })).toBe('north read,write')
    const less: Omit<Pass, never> = pass
    // @ts-expect-error a mapped type of it
    expect(enter(less)).toBe('north read')
    const wrapped = { ok: true, value: pass } as const
    // @ts-expect-error a spread of what an outcome holds
    expect(enter({ ...wrapped.value, rights: ['write'] })).toBe('north write')
  })
})
