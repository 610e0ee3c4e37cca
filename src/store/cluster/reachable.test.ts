import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rightsOf, unreachableAncestor } from './reachable.ts'

describe('rightsOf', () => {
  it.each([
    ['the owner', 0o700, { uid: 1, gid: 9 }, 7],
    ['the owner, shut out where others are not', 0o077, { uid: 1, gid: 9 }, 0],
    ['the group', 0o750, { uid: 5, gid: 2 }, 5],
    ['the group, shut out where others are not', 0o707, { uid: 5, gid: 2 }, 0],
    ['others', 0o751, { uid: 5, gid: 9 }, 1],
  ])('of %s', (_title, mode, user, rights) => {
    expect(rightsOf({ mode, uid: 1, gid: 2 }, user)).toBe(rights)
  })
})

describe('unreachableAncestor', () => {
  let place: string
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'gatehouse-reach-'))
    mkdirSync(join(place, 'a', 'b', 'c'), { recursive: true })
    for (const folder of ['', 'a', 'a/b', 'a/b/c']) chmodSync(join(place, folder), 0o711)
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))
  const other = { uid: 54_321, gid: 54_321 }

  it('is none where all may pass, though none may look', () => {
    expect(unreachableAncestor(join(place, 'a', 'b', 'c'), other)).toBeNull()
  })

  it('is the topmost of those that are closed', () => {
    chmodSync(join(place, 'a'), 0o700)
    chmodSync(join(place, 'a', 'b'), 0o700)
    expect(unreachableAncestor(join(place, 'a', 'b', 'c'), other)).toBe(join(place, 'a'))
  })
})
