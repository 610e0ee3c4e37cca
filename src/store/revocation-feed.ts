import pg from 'pg'
import type { RevocationFeed } from '../identity/revocation.ts'
import { REVOKED_CHANNEL } from './session-store.ts'

const HEARTBEAT_MS = 1_000
const RETRY_MS = 500

/**
 * Listens on a connection of its own, for as long as it is not closed. A line that is cut, or that does not answer within a second, is `deaf`
 * at once and is tried again. `hearing` only after LISTEN has taken effect: whatever is committed from then on is heard.
 */
export function revocationFeed(settings: pg.ClientConfig): RevocationFeed {
  return {
    async listen(ear) {
      let closed = false
      let line: pg.Client | null = null
      let timer: NodeJS.Timeout | undefined

      async function connect(): Promise<void> {
        const client = new pg.Client({
          ...settings,
          application_name: 'gatehouse revocation',
          connectionTimeoutMillis: 2 * HEARTBEAT_MS,
          query_timeout: HEARTBEAT_MS,
        })
        line = client
        client.on('error', () => lost(client))
        client.on('end', () => lost(client))
        client.on('notification', ({ payload }) => ear.heard(payload ?? ''))
        try {
          await client.connect()
          await client.query(`listen ${REVOKED_CHANNEL}`)
        } catch {
          return lost(client)
        }
        if (line !== client) return
        ear.hearing()
        beat(client)
      }

      function beat(client: pg.Client): void {
        timer = setTimeout(
          () =>
            void client.query('select 1').then(
              () => line === client && beat(client),
              () => lost(client),
            ),
          HEARTBEAT_MS,
        ).unref()
      }

      function lost(client: pg.Client): void {
        if (line !== client) return
        line = null
        ear.deaf()
        clearTimeout(timer)
        void client.end().catch(() => undefined)
        if (!closed) timer = setTimeout(() => void connect(), RETRY_MS).unref()
      }

      await connect()
      return {
        async close() {
          closed = true
          clearTimeout(timer)
          const last = line
          line = null
          await last?.end().catch(() => undefined)
        },
      }
    },
  }
}
