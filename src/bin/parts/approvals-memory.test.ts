import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EMPTY_FRONTIER, extend } from '../../log/frontier.ts'
import { approvalsMemory } from './approvals-memory.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-apply-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const STATE = {
  tree: extend(EMPTY_FRONTIER, [new Uint8Array(32)]),
  learnt: { known: [], proposals: [], voided: ['chg-1'], applied: [], revoked: ['s-1'] },
}

it('is empty at first, and then what was written last, for its owner alone', () => {
  const memory = approvalsMemory(folder)
  expect(memory.load()).toBeNull()
  memory.save(STATE)
  expect(approvalsMemory(folder).load()).toEqual(STATE)
  expect(statSync(join(folder, 'approvals.state')).mode & 0o777).toBe(0o600)
})

it('is none when the file is cut off, and is not believed when others may have written it', () => {
  const memory = approvalsMemory(folder)
  memory.save(STATE)
  const file = join(folder, 'approvals.state')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.slice(0, 40))
  expect(memory.load()).toBeNull()
  writeFileSync(file, text)
  chmodSync(file, 0o644)
  expect(() => memory.load()).toThrow('is readable by other users')
})
