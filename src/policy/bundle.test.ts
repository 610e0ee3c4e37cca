import { describe, expect, it } from 'vitest'
import { PACK } from '../../test/support/pack.ts'
import { readBundle } from './bundle.ts'
import { cedarSchema } from './schema.ts'

const SCHEMA = cedarSchema(PACK.catalogue)
const named = (policy: string, id = 'a-rule') => `@id("${id}")\n@owner("Owner")\n@reason("because")\n${policy}`
const PERMIT = 'permit (principal, action in [Gatehouse::Action::"read"], resource);'
const faultsOf = (...texts: readonly string[]) =>
  readBundle(
    SCHEMA,
    texts.map((text, index) => ({ file: `${index + 1}.cedar`, text })),
  ).faults

describe('readBundle', () => {
  it('reads policies that name themselves', () => {
    const { bundle, faults } = readBundle(SCHEMA, [{ file: 'a.cedar', text: named(PERMIT) }])
    expect(faults).toEqual([])
    expect(bundle.rules).toEqual({ 'a-rule': { id: 'a-rule', owner: 'Owner', reason: 'because' } })
  })

  it.each([
    ['no annotation at all', PERMIT, 1, 'needs @id, @owner and @reason'],
    ['no owner', `\n@id("a")\n@reason("r")\n${PERMIT}`, 2, 'needs @id, @owner and @reason'],
    ['an empty reason', `@id("a")\n@owner("o")\n@reason("")\n${PERMIT}`, 1, 'needs @id, @owner and @reason'],
    ['an annotation without a value', `@id\n@owner("o")\n@reason("r")\n${PERMIT}`, 1, 'needs @id, @owner and @reason'],
    // It would be nobody's own key, and the forbid gone.
    ['an id that is a prototype', named('forbid (principal, action, resource);', '__proto__'), 1, '`__proto__` is no @id'],
    ['an id in capitals', named(PERMIT, 'A-Rule'), 1, '`A-Rule` is no @id'],
    ['an id of 65 letters', named(PERMIT, 'a'.repeat(65)), 1, 'is no @id'],
    ['an id twice', `${named(PERMIT)}\n${named(PERMIT)}`, 5, 'a policy `a-rule` exists already'],
    ['no Cedar', `\n\npermit (principal, action, resource)`, 3, 'unexpected'],
    ['an operation that is not in the catalogue', named('permit (principal, action == Gatehouse::Action::"getEverything", resource);'), 1, 'getEverything'],
    ['an attribute no session has', named('permit (principal, action, resource) when { principal.admin };'), 1, 'admin'],
    ['accounts taken for one', named('permit (principal, action, resource) when { principal.accounts == "ACME" };'), 1, ''],
    [
      'an argument looked at that may be left out',
      named('forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.input.status == "held" };'),
      1,
      'status',
    ],
    [
      'values of unlike types compared',
      named('forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.limit == "50" };'),
      1,
      '',
    ],
    [
      'a policy that can never apply',
      named('permit (principal, action == Gatehouse::Action::"see", resource in Gatehouse::System::"tms") when { false };'),
      1,
      '',
    ],
    ['a class nobody knows', named('permit (principal, action == Gatehouse::Action::"see", resource in Gatehouse::FieldClass::"opne");'), 1, ''],
    ['a template', named('permit (principal == ?principal, action, resource);'), 1, 'templates'],
  ])('finds %s', (_, text, line, message) => {
    const found = faultsOf(text)
    expect(found[0]).toMatchObject({ file: '1.cedar', line })
    expect(found.map((fault) => fault.message).join('\n')).toContain(message)
  })

  it('passes the allowed neighbours of those', () => {
    expect(faultsOf(named(PERMIT, 'a'.repeat(64)))).toEqual([])
    expect(faultsOf(named(PERMIT, 'constructor'))).toEqual([])
    expect(faultsOf(named('forbid (principal, action, resource) when { principal.accounts.contains("ACME") };'))).toEqual([])
    expect(
      faultsOf(
        named(
          'forbid (principal, action == Gatehouse::Action::"findShipments", resource) when { context.input has status && context.input.status == "held" };',
        ),
      ),
    ).toEqual([])
    expect(faultsOf(named('permit (principal, action == Gatehouse::Action::"see", resource in Gatehouse::FieldClass::"open");'))).toEqual([])
  })

  it('finds an id twice across files, each fault in its own', () => {
    expect(faultsOf(named(PERMIT), named(PERMIT))).toEqual([{ file: '2.cedar', line: 1, message: 'a policy `a-rule` exists already' }])
  })

  it('finds that there is no file', () => {
    expect(faultsOf()).toEqual([{ file: 'policies', line: 1, message: 'no policy file found' }])
  })

  it('has another serial when a policy or the schema has another letter', () => {
    const serialOf = (schema: string, text: string) => readBundle(schema, [{ file: 'a.cedar', text }]).bundle.serial
    const serials = [serialOf(SCHEMA, named(PERMIT)), serialOf(SCHEMA, named(`${PERMIT} `.replace('permit', 'forbid'))), serialOf(`${SCHEMA} `, named(PERMIT))]
    expect(new Set(serials).size).toBe(3)
    expect(serialOf(SCHEMA, named(PERMIT))).toBe(serials[0])
  })
})
