import pg from 'pg'

/**
 * Connections to our database that take nobody down with them: one that dies, idle or in use (the server restarted), is told to
 * whoever waits on it and to nobody else. The next call opens another.
 */
export function openStorePool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config)
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
