import type pg from 'pg'

/**
 * Statements on one connection of the pool, run in the order in which they are given; where the pool's connections are made with `pipeline`, each is sent
 * without waiting for the answer to the last, elsewhere once that is there. The connection goes back to the pool when none is under way. After a failure the
 * next statement has another, and the order between the two is nobody's.
 */
export function inOrder(pool: pg.Pool): <Result>(statement: (client: pg.PoolClient) => Promise<Result>) => Promise<Result> {
  let lent: { readonly client: Promise<pg.PoolClient>; underWay: number; broken: boolean; last: Promise<unknown> } | null = null

  return async (statement) => {
    lent ??= { client: pool.connect(), underWay: 0, broken: false, last: Promise.resolve() }
    const mine = lent
    mine.underWay += 1
    try {
      const answer = (pool.options.pipeline ? mine.client : mine.last.then(() => mine.client)).then(statement)
      mine.last = answer.catch(() => undefined)
      return await answer
    } catch (cause) {
      mine.broken = true
      throw cause
    } finally {
      mine.underWay -= 1
      if (lent === mine && (mine.broken || mine.underWay === 0)) lent = null
      if (mine.underWay === 0)
        mine.client.then(
          (client) => client.release(mine.broken),
          () => undefined,
        )
    }
  }
}
