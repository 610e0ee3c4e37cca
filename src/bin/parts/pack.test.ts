import { hash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Fault } from '../../model/fault.ts'
import { loadPack } from './pack.ts'

const ROOT = join(import.meta.dirname, '../../..')
const OURS = { catalogue: join(ROOT, 'catalogue'), policies: join(ROOT, 'policies'), useCases: join(ROOT, 'policies/usecases.yaml') }
const folder = mkdtempSync(join(tmpdir(), 'gh-pack-'))
afterAll(() => rmSync(folder, { recursive: true }))

const faultOf = (over: Partial<typeof OURS>): Fault => {
  try {
    loadPack({ ...OURS, ...over })
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('no fault')
}

/** A folder with these files beside the shipped ones of `like`. */
function folderWith(name: string, like: 'catalogue' | 'policies', files: Readonly<Record<string, string>>): string {
  const path = join(folder, name)
  cpSync(OURS[like], path, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

describe('loadPack', () => {
  it('loads the packs and policies the house ships', () => {
    const { catalogue, bundle, directory } = loadPack(OURS)
    expect(Object.keys(catalogue.operations)).toContain('prepareCustomerReply')
    expect(Object.keys(bundle.rules)).toContain('no-cancelling')
    expect(directory.useCases.map(({ id }) => id)).toEqual(['customer-inquiry', 'exception-desk'])
  })

  it('says by digest which files they were, as `sha256sum` does, wherever their folder lies', () => {
    const hexOf = (text: string | Buffer): string => hash('sha256', text)
    const catalogue = folderWith('c0', 'catalogue', {})
    const names = ['gatehouse.yaml', 'tms/operations.yaml', 'tms/resources.yaml']
    const listed = names.map((name) => `${hexOf(readFileSync(join(catalogue, name)))}  ${name}\n`)
    const { digests } = loadPack({ ...OURS, catalogue })
    expect(digests).toEqual({ catalogue: hexOf(listed.join('')), useCases: hexOf(readFileSync(OURS.useCases)) })
    expect(loadPack(OURS).digests).toEqual(digests)
  })

  it('says every fault of the catalogue, each with its file and line', () => {
    const catalogue = folderWith('c1', 'catalogue', { 'x.yaml': 'system: x\nresources:\n  A: {}\n', 'y.yaml': 'system: [' })
    const fault = faultOf({ catalogue })
    expect(fault.code).toBe('catalogue_invalid')
    expect(fault.message).toMatch(/c1\/x\.yaml:3: /)
    expect(fault.message).toMatch(/c1\/y\.yaml:\d+: /)
  })

  it('says every fault of policies and use cases together', () => {
    const policies = folderWith('p1', 'policies', { 'x.cedar': '\npermit (principal, action, resource);', 'u.yaml': 'groups: {}\nuseCases: { A: {} }' })
    const fault = faultOf({ policies, useCases: join(policies, 'u.yaml') })
    expect(fault.code).toBe('policy_invalid')
    expect(fault.message).toMatch(/p1\/x\.cedar:2: a policy needs @id/)
    expect(fault.message).toMatch(/p1\/u\.yaml:2: /)
  })

  it('judges policies by the catalogue they are for', () => {
    const catalogue = join(folder, 'c2')
    cpSync(join(OURS.catalogue, 'gatehouse.yaml'), join(catalogue, 'gatehouse.yaml'))
    expect(faultOf({ catalogue }).message).toContain('proposeStatusChange')
  })

  it.each([
    ['a catalogue that is not there', { catalogue: join(folder, 'none') }, 'catalogue_invalid'],
    ['a catalogue that is a file', { catalogue: OURS.useCases }, 'catalogue_invalid'],
    ['a catalogue without packs', { catalogue: join(ROOT, 'policies', '..', 'src', 'base') }, 'catalogue_invalid'],
    ['policies that are not there', { policies: join(folder, 'none') }, 'policy_invalid'],
    ['a folder without policies', { policies: OURS.catalogue }, 'policy_invalid'],
    ['use cases that are not there', { useCases: join(folder, 'none.yaml') }, 'policy_invalid'],
  ])('does not start on %s', (_, over, code) => {
    expect(faultOf(over).code).toBe(code)
  })
})
