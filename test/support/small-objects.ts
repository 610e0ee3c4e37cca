import { assertPartial, assertPath, CHECKPOINT, LIST_PAGE, type Objects } from '../../src/archive/objects.ts'
import { type ArchiveRefusal, conflict } from '../../src/archive/refusal.ts'
import { done, type Outcome, refuse } from '../../src/base/outcome.ts'

/** Objects in memory, held to the same contract as folder and bucket; `store` may be bent at will. */
export type SmallObjects = Objects & {
  readonly store: Map<string, Uint8Array>
  /** Every put and removal that was asked for. */
  readonly asked: string[]
  /** Asked before each put and removal: `before` fails without doing it, `after` does it and fails. */
  crash: (path: string) => 'before' | 'after' | null
}

const CRASHED: Outcome<never, ArchiveRefusal> = refuse({ code: 'failed', detail: 'the test cut here', next: 'begin again' })

export function smallObjects(store: Map<string, Uint8Array> = new Map()): SmallObjects {
  async function change<T>(path: string, work: () => Outcome<T, ArchiveRefusal>): Promise<Outcome<T, ArchiveRefusal>> {
    await Promise.resolve()
    objects.asked.push(path)
    const crash = objects.crash(path)
    if (crash === 'before') return CRASHED
    const outcome = work()
    return crash === 'after' ? CRASHED : outcome
  }
  const objects: SmallObjects = {
    store,
    asked: [],
    crash: () => null,
    get: (path) => {
      assertPath(path)
      return Promise.resolve(done(store.get(path)?.slice() ?? null))
    },
    put: (path, bytes) => {
      assertPath(path)
      return change(path, () => {
        const standing = store.get(path)
        if (standing && path !== CHECKPOINT) return Buffer.compare(standing, bytes) === 0 ? done('stood') : refuse(conflict(path))
        store.set(path, bytes.slice())
        return done('written')
      })
    },
    list: (prefix, after) => {
      const paths = [...store.keys()].filter((path) => path.startsWith(prefix) && path > after)
      return Promise.resolve(done(paths.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, LIST_PAGE)))
    },
    removePartial: (path) => {
      assertPartial(path)
      return change(path, () => {
        store.delete(path)
        return done(null)
      })
    },
  }
  return objects
}
