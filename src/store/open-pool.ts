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

/**
 * One connection for a journal's appends, sent without waiting for each other. It is kept however quiet it is: who asks after a pause does not wait for another. A
 * network that forgets quiet connections is reminded twice a minute.
 */
export const openAppendPool = (config: pg.PoolConfig): pg.Pool =>
  openStorePool({ ...config, max: 1, pipeline: true, idleTimeoutMillis: 0, keepAlive: true, keepAliveInitialDelayMillis: 30_000 })
