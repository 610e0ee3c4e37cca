import type pg from 'pg'
import type { CosignatureStore, CosignedCheckpoint, WitnessRefusal } from '../archive/witness/cosignature-store.ts'

type Row = { readonly size: string; readonly note: string; readonly witnesses: readonly string[]; readonly lines: readonly string[] }

/** What witnesses answered, in PostgreSQL (tables `cosignature`, `witness_refusal`). */
export function cosignatureStore(pool: pg.Pool): CosignatureStore {
  return {
    keep: async ({ size, witness, line }) => {
      await pool.query('insert into cosignature (size, witness, line) values ($1, $2, $3) on conflict do nothing', [size, witness, line])
    },
    keepRefusal: async ({ size, witness, said }) => {
      await pool.query('insert into witness_refusal (size, witness, said) values ($1, $2, $3)', [size, witness, said])
    },
    newestOf: async (witness) => {
      const { rows } = await pool.query<Row>(
        `select size, note, array[witness] as witnesses, array[line] as lines from cosignature join journal_checkpoint using (size)
         where witness = $1 order by size desc limit 1`,
        [witness],
      )
      return rows[0] ? checkpointOf(rows[0]) : null
    },
    newest: async (limit) => {
      // In steps down the key: `distinct` would read them all.
      const { rows } = await pool.query<Row>({
        name: 'cosignature_newest',
        text: `with recursive sizes (size, place) as (
            (select size, 1 from cosignature order by size desc limit 1)
            union all
            select (select max(size) from cosignature where size < sizes.size), place + 1 from sizes where sizes.size is not null and place < $1
          )
          select c.size, c.note, array_agg(k.witness order by k.witness) as witnesses, array_agg(k.line order by k.witness) as lines
          from sizes join journal_checkpoint c on c.size = sizes.size join cosignature k on k.size = c.size
          group by c.size, c.note order by c.size desc`,
        values: [limit],
      })
      return rows.map(checkpointOf)
    },
  }
}

const checkpointOf = ({ size, note, witnesses, lines }: Row): CosignedCheckpoint => ({
  size: Number(size),
  note,
  cosignatures: witnesses.map((witness, i) => ({ size: Number(size), witness, line: lines[i] ?? '' })),
})

export type UntoldRefusal = WitnessRefusal & { readonly id: number }

/** Refusals of witnesses that no entry of the journal tells of yet, oldest first. */
export async function untoldRefusals(pool: pg.Pool): Promise<readonly UntoldRefusal[]> {
  const { rows } = await pool.query<{ readonly id: string; readonly size: string; readonly witness: string; readonly said: string }>(
    'select id, size, witness, said from witness_refusal where entry is null order by id limit 20',
  )
  return rows.map(({ id, size, witness, said }) => ({ id: Number(id), size: Number(size), witness, said }))
}

/** Notes the entry that tells of a refusal. */
export async function refusalTold(pool: pg.Pool, id: number, entry: number): Promise<void> {
  await pool.query('update witness_refusal set entry = $2 where id = $1 and entry is null', [id, entry])
}
