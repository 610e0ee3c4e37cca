import { describe, expect, it } from 'vitest'
import { readDirectory } from './directory.ts'

const USE_CASES = `useCases:
  inquiries:
    title: Inquiries
    owner: Head of Service
    purpose: Answer what customers ask
    groups: [service]
    approvers: [leads]
    exposure: { subject: 10, price: 0 }
  returns:
    title: Returns
    owner: Head of Returns
    purpose: Take parcels back
    groups: [service, returns]
    approvers: []
    exposure: { subject: 5, price: 1 }
groups:
  service: { accounts: [A, B] }
  returns: { accounts: [B, C] }
`
const { directory, faults } = readDirectory('u.yaml', USE_CASES)

describe('readDirectory', () => {
  it('knows use cases, accounts and approvers by group', () => {
    expect(faults).toEqual([])
    expect(directory.useCasesOf(['returns']).map(({ id }) => id)).toEqual(['returns'])
    expect(directory.useCasesOf(['service']).map(({ id }) => id)).toEqual(['inquiries', 'returns'])
    expect(directory.accountsOf(['service', 'returns'])).toEqual(['A', 'B', 'C'])
    expect([directory.decides(['leads'], 'inquiries'), directory.decides(['leads'], 'returns'), directory.decides(['service'], 'inquiries')]).toEqual([
      true,
      false,
      false,
    ])
    expect([directory.ownerOf('returns'), directory.exposureOf('returns')]).toEqual(['Head of Returns', { subject: 5, price: 1 }])
  })

  it('gives nothing for names nobody defined, those every object has among them', () => {
    for (const name of ['nobody', 'constructor', 'toString', '__proto__', '']) {
      expect(directory.useCasesOf([name])).toEqual([])
      expect(directory.accountsOf([name])).toEqual([])
      expect(directory.decides([name], 'inquiries')).toBe(false)
      expect(directory.decides(['leads'], name)).toBe(false)
      expect(directory.exposureOf(name)).toEqual({ subject: 0, price: 0 })
      expect(directory.ownerOf(name)).toBe('IT Security')
    }
    expect([directory.useCasesOf([]), directory.accountsOf([])]).toEqual([[], []])
  })

  it.each([
    ['an account with a comma: it would be two', 'service: { accounts: [A, B] }', 'service: { accounts: ["A,B"] }', 17, 'comma'],
    ['an empty account', 'service: { accounts: [A, B] }', 'service: { accounts: [""] }', 17, ''],
    ['a use case for nobody', 'groups: [service]', 'groups: []', 6, ''],
    ['an exposure below nothing', '{ subject: 10, price: 0 }', '{ subject: -1, price: 0 }', 8, ''],
    ['no exposure', '    exposure: { subject: 10, price: 0 }\n', '', 3, ''],
    ['a key misspelt', 'owner: Head of Service', 'owners: Head of Service', 3, ''],
    ['an id in capitals', 'inquiries:', 'Inquiries:', 3, 'lower-case'],
    ['a prototype', 'service: {', '__proto__: {', 17, '__proto__'],
    ['an alias of nothing', 'approvers: []', 'approvers: *nobody', 1, 'alias'],
  ])('finds %s, with its line, and gives nothing', (_, right, wrong, line, message) => {
    expect(USE_CASES).toContain(right)
    const read = readDirectory('u.yaml', USE_CASES.replace(right, wrong))
    expect(read.faults[0]).toEqual({ file: 'u.yaml', line, message: expect.stringContaining(message) })
    expect(read.directory.useCases).toEqual([])
    expect(read.directory.accountsOf(['service'])).toEqual([])
  })
})
