import type { Pool } from 'pg'
import type { Person, PersonStore } from '../identity/person-store.ts'
import { reach } from './reach.ts'

type DeskRow = Person & { person: string; signed_in_at: Date; confirmed_at: Date; expires_at: Date }

/**
 * Counts before anything is compared. Not waiting for the disk (`synchronous_commit` off, for this statement's own transaction): an unknown
 * person writes nothing, and a name that takes longer would be a name that exists. What a crash may lose is a fraction of a second of tries.
 */
const COUNT_TRY = `
  with quick as (select set_config('synchronous_commit', 'off', true) as off)
  update person p set
    failed_count = case when p.locked_until is null then p.failed_count + 1 else 1 end,
    locked_until = case when (case when p.locked_until is null then p.failed_count + 1 else 1 end) >= $3 then $4::timestamptz end
  from quick where quick.off = 'off' and p.id = $1 and (p.locked_until is null or p.locked_until <= $2) returning p.passphrase`

/** People, their codes and their sign-ins in PostgreSQL, as the port says. */
export function personStore(pool: Pool): PersonStore {
  const rows = async <R extends object>(text: string, values: readonly unknown[]): Promise<R[]> => (await pool.query<R>(text, [...values])).rows
  const run = (text: string, values: readonly unknown[]) => reach(() => rows(text, values).then(() => null))

  return {
    byId: (id) => reach(async () => (await rows<Person>('select id, name, groups from person where id = $1', [id]))[0] ?? null),
    all: () => reach(() => rows<Person>('select id, name, groups from person order by id', [])),
    put: ({ id, name, groups }) =>
      run('insert into person (id, name, groups) values ($1, $2, $3) on conflict (id) do update set name = $2, groups = $3', [id, name, groups]),
    countTry: (id, { now, triesMax, lockedUntil }) =>
      reach(async () => {
        const [counted] = await rows<{ passphrase: string | null }>(COUNT_TRY, [id, new Date(now), triesMax, new Date(lockedUntil)])
        if (counted) return { person: id, passphrase: counted.passphrase, locked: false }
        const known = await rows('select from person where id = $1', [id])
        return known.length === 1 ? { person: id, locked: true } : null
      }),
    clearTries: (id) => run('update person set failed_count = 0, locked_until = null where id = $1', [id]),
    setPassphrase: (id, passphrase) =>
      run(
        `with ended as (delete from desk_session where person = $1)
         update person set passphrase = $2, failed_count = 0, locked_until = null where id = $1`,
        [id, passphrase],
      ),

    addInvite: (hash, { person, purpose, expiresAt }) =>
      run('insert into invite (hash, person, purpose, expires_at) values ($1, $2, $3, $4)', [hash, person, purpose, new Date(expiresAt)]),
    takeInvite: (hash, purpose, now) =>
      reach(async () => {
        const text = 'update invite set used_at = $3 where hash = $1 and purpose = $2 and used_at is null and expires_at > $3 returning person'
        return (await rows<{ person: string }>(text, [hash, purpose, new Date(now)]))[0]?.person ?? null
      }),
    giveBackInvite: (hash, now) => run('update invite set used_at = null where hash = $1 and used_at = $2', [hash, new Date(now)]),

    addDesk: (hash, { person, signedInAt, confirmedAt, expiresAt }) =>
      run(
        `with old as (delete from desk_session where expires_at < $3)
         insert into desk_session (hash, person, signed_in_at, confirmed_at, expires_at) values ($1, $2, $3, $4, $5)`,
        [hash, person, new Date(signedInAt), new Date(confirmedAt), new Date(expiresAt)],
      ),
    desk: (hash, now) =>
      reach(async () => {
        const text = 'select p.id, p.name, p.groups, d.* from desk_session d join person p on p.id = d.person where d.hash = $1 and d.expires_at > $2'
        const [row] = await rows<DeskRow>(text, [hash, new Date(now)])
        return row ? asDesk(row) : null
      }),
    confirmDesk: (hash, at) => run('update desk_session set confirmed_at = $2 where hash = $1', [hash, new Date(at)]),
    endDesk: (hash) => run('delete from desk_session where hash = $1', [hash]),
  }
}

const asDesk = ({ id, name, groups, person, signed_in_at, confirmed_at, expires_at }: DeskRow) => ({
  person,
  signedInAt: signed_in_at.getTime(),
  confirmedAt: confirmed_at.getTime(),
  expiresAt: expires_at.getTime(),
  who: { id, name, groups },
})
