import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCluster } from '../../src/store/cluster/cluster.ts'
import { type Ran, run } from '../support/cli.ts'
import { freePorts, passableFolder } from '../support/pilot-command.ts'
import { processesNaming } from '../support/processes.ts'

const EXPORT = join(import.meta.dirname, '../fixtures/shipments.csv')
const ROWS = readFileSync(EXPORT, 'utf8').trimEnd().split('\n').length - 1

const place = passableFolder()
const folder = join(place, 'data')
let port: number
beforeAll(async () => {
  port = await freePorts()
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

const pilot = (more: readonly string[]): Promise<Ran> => run(['pilot', '--once', '--data', folder, '--port', String(port), ...more])

function expectRefused({ code, err, out }: Ran, fault: string, message: string, next: RegExp): void {
  expect(err).toContain(message)
  expect(err).toMatch(new RegExp(`\\n {2}code: ${fault}\\n {2}next: ${next.source}`))
  expect(err).not.toMatch(/\n\s+at /)
  expect(code).toBe(1)
  expect(out).not.toContain('the agent asks')
  expect(processesNaming(place)).toEqual([])
}

/** What stands in the TMS after the pilot has gone: null when it was never built. */
async function loaded(): Promise<{ readonly shipments: number; readonly kept: number; readonly source: string } | null> {
  const cluster = await openCluster({ dataFolder: folder, say: () => undefined })
  const client = new pg.Client({ ...cluster.superuser, database: 'tms' })
  try {
    await client.connect()
    const stands = (await client.query<{ stands: boolean }>(`select to_regclass('tms.extract') is not null as stands`)).rows[0]?.stands
    if (!stands) return null
    const { rows } = await client.query<{ shipments: number; kept: number; source: string | null }>(
      `select count(*)::int as shipments, coalesce(sum((select count(*) from jsonb_object_keys(unparsed))), 0)::int as kept, (select source from tms.extract) as source from tms.shipment`,
    )
    const [row] = rows
    return row?.source ? { ...row, source: row.source } : null
  } catch (cause) {
    if ((cause as { readonly code?: string }).code === '3D000') return null
    throw cause
  } finally {
    await client.end()
    await cluster.stop()
  }
}

describe("a company's own export", () => {
  it('is not loaded where an agent of the same user could read it by itself: uncontained, and why', async () => {
    const ran = await pilot(['--shipments', EXPORT])
    expectRefused(
      ran,
      'uncontained',
      'an agent could read this export without asking Gatehouse: ',
      /run the pilot as another user than the agent .* or give --demo-uncontained to go on all the same\n/,
    )
    expect(ran.err).toMatch(/who may read everything|belongs to `\w+`|can be read by `\w+`/)
    expect(await loaded()).toBeNull()
  }, 60_000)

  it('is not loaded when there is no such file, no such mapping, or a mapping that names what is not there', async () => {
    const none = join(place, 'none.csv')
    expectRefused(await pilot(['--shipments', none, '--demo-uncontained']), 'import_refused', `there is no file \`${none}\``, /check its path\n/)
    expectRefused(await pilot(['--shipments', none]), 'import_refused', `there is no file \`${none}\``, /check its path\n/)
    const mapping = join(place, 'mapping.yaml')
    writeFileSync(mapping, 'carrier: Spediteur\nnonsense: 1\n')
    expectRefused(
      await pilot(['--shipments', EXPORT, '--demo-uncontained', '--mapping', mapping]),
      'config_invalid',
      'nonsense',
      /its fields are shipment_id, /,
    )
    expect(await loaded()).toBeNull()
  }, 60_000)

  it('is all or nothing: a file with rows that cannot be loaded loads none, and each is listed with line, column and reason', async () => {
    const broken = join(place, 'broken.csv')
    const lines = readFileSync(EXPORT, 'utf8').trimEnd().split('\n')
    lines[40] = (lines[10] ?? '').replace('DN-', 'DX-')
    lines[60] = (lines[60] ?? '').replace(/^GX-\d+/, '')
    lines[80] = `${lines[80]},one too many`
    writeFileSync(broken, `${lines.join('\n')}\n`)
    const ran = await pilot(['--shipments', broken, '--demo-uncontained'])
    expectRefused(
      ran,
      'import_refused',
      'is not loaded: 3 of its rows or columns cannot be, and it is all or nothing',
      /mend these in the file, or name its columns in a mapping file with --mapping\n/,
    )
    expect(ran.err).toContain('  line 41, column `Shipment No`: `GX-7010` stands on line 11 already\n')
    expect(ran.err).toContain('  line 61, column `Shipment No`: no shipment identifier\n')
    expect(ran.err).toContain('  line 81: 23 columns where the header has 22\n')
    expect(await loaded()).toBeNull()
  }, 60_000)

  it('is taken with its dirty dates and its text in freight, nothing dropped, and the whole day of an agent runs on it', async () => {
    const { code, out, err } = await pilot(['--shipments', EXPORT, '--demo-uncontained'])
    expect({ code, err, failed: /did not hold:[^]*/.exec(out)?.[0] }).toEqual({ code: 0, err: '', failed: undefined })
    expect(out).toContain(`${ROWS} rows of ${ROWS}, 12 customers, 108 orders; 128 cells kept as text, none dropped\n`)
    expect(out).toContain('  Planned Date -> planned_on; 10 kept as text (`Date Not Captured`, `31.02.2026`)\n')
    expect(out).toContain('  Freight Cost -> freight_cost; 60 kept as text (`Freight Included in Commodity Cost`, `See ASN-902`, `See ASN-906`)\n')
    expect(out).toContain('  Cost Centre -> kept aside\n')
    expect(out).toMatch(/^ {2}changes +applied 1, rejected 1$/m)
    expect(out).toMatch(/^ {2}all [1-9]\d{2} expectations held$/m)
    expect(processesNaming(place)).toEqual([])
    expect(await loaded()).toMatchObject({ shipments: ROWS, kept: 128, source: expect.stringMatching(/^file:[0-9a-f]{64}$/) })
  }, 120_000)

  it('is found again by a later start, which is as uncontained as the first, and is not mixed with another', async () => {
    expectRefused(await pilot([]), 'uncontained', 'an agent could read this export without asking Gatehouse: ', /run the pilot as another user/)
    const other = join(place, 'other.csv')
    copyFileSync(EXPORT, other)
    chmodSync(other, 0o600)
    writeFileSync(other, `${readFileSync(EXPORT, 'utf8').trimEnd()} \n`)
    expectRefused(
      await pilot(['--shipments', other, '--demo-uncontained']),
      'import_refused',
      'the data folder holds another export already',
      /name a new folder with --data\n/,
    )
    expect(await loaded()).toMatchObject({ shipments: ROWS })
    expect(existsSync(join(folder, 'keys'))).toBe(true)
  }, 60_000)
})
