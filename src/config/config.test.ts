import { describe, expect, it } from 'vitest'
import { Fault } from '../model/fault.ts'
import { addressOf, parseConfig } from './config.ts'
import { needed } from './environment.ts'

const LINES = `publicUrl: https://gatehouse.example.com
deskUrl: https://desk.example.com
listen:
  gate: 127.0.0.1:8443
  desk: 127.0.0.1:8444
tls: self
keys: keys
logOrigin: journal.example.com/gatehouse
timeZone: Europe/Berlin
systems:
  tms: { kind: postgres, readUrl: TMS_READ_URL, writeUrl: TMS_WRITE_URL }
people:
  - { id: anna, name: Anna, groups: [customer-service] }
limits: { costMax: 60 }
`.split('\n')

/** The configuration with the line that begins with `from` made `to`, once for each pair. */
const withLines = (...pairs: readonly (readonly [from: string, to: string])[]): string =>
  pairs
    .reduce((lines, [from, to]) => {
      const at = lines.findIndex((line) => line.trimStart().startsWith(from))
      if (at < 0) throw new Error(`no line ${from}`)
      return lines.with(
        at,
        (lines[at] ?? '').replace(/\S.*$/, () => to),
      )
    }, LINES)
    .join('\n')
const read = (text = LINES.join('\n')) => parseConfig('/etc/gatehouse/config.yaml', text)
function faultOf(text: string): Fault {
  try {
    read(text)
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('no fault')
}
const faulty = (text: string): boolean => {
  try {
    read(text)
    return false
  } catch (error) {
    return error instanceof Fault
  }
}
const passes = (...pairs: readonly (readonly [from: string, to: string])[]): boolean => !faulty(withLines(...pairs))

describe('parseConfig', () => {
  it('reads the configuration, with paths from its folder', () => {
    expect(read()).toMatchObject({
      keys: '/etc/gatehouse/keys',
      catalogue: '/etc/gatehouse/catalogue',
      useCases: '/etc/gatehouse/policies/usecases.yaml',
      tls: 'self',
      timeZone: 'Europe/Berlin',
      systems: { tms: { poolMax: 8, timeoutMs: 5000 } },
      limits: { costMax: 60, costPerMinute: 1500, sourcePerSecond: 50, sourceBurst: 200, waitingPerSession: 20, waitingPerPerson: 50 },
    })
    expect(read(withLines(['keys:', 'keys: /var/lib/keys'], ['tls:', 'tls: { cert: a.pem, key: /k.pem }']))).toMatchObject({
      keys: '/var/lib/keys',
      tls: { cert: '/etc/gatehouse/a.pem', key: '/k.pem' },
    })
  })

  it('is strict where it leaves things out: TLS is on, and no limit is off', () => {
    expect(read(withLines(['tls:', '# none'], ['limits:', '# none']))).toMatchObject({
      tls: 'self',
      limits: { costMax: 60, costPerMinute: 1500, sourcePerSecond: 50, sourceBurst: 200, waitingPerSession: 20, waitingPerPerson: 50 },
    })
  })

  it('publishes the journal beside the configuration, and takes a bucket, witnesses and WORM where they are named', () => {
    expect(read().journal).toEqual({ archive: '/etc/gatehouse/journal', s3: { region: 'us-east-1', pathStyle: false }, open: false })
    const named = withLines([
      'limits:',
      'journal: { archive: "s3://log/pilot", open: true, witness: { policy: tlog-policy }, worm: { bucket: "s3://vault", tilesDays: 400, checkpointsDays: 4000 } }',
    ])
    expect(read(named).journal).toEqual({
      archive: 's3://log/pilot',
      s3: { region: 'us-east-1', pathStyle: false },
      open: true,
      witness: { policy: '/etc/gatehouse/tlog-policy', lagSeconds: 300 },
      worm: { bucket: 's3://vault', region: 'us-east-1', pathStyle: false, tilesDays: 400, checkpointsDays: 4000, payloadsDays: {} },
    })
  })

  it.each([
    ['a lag shorter than two heartbeats', 'journal: { witness: { policy: p, lagSeconds: 119 } }', 'journal: { witness: { policy: p, lagSeconds: 120 } }'],
    ['an archive that is another kind of address', 'journal: { archive: "http://x/y" }', 'journal: { archive: x/y }'],
    [
      'WORM without days',
      'journal: { worm: { bucket: "s3://vault", tilesDays: 1 } }',
      'journal: { worm: { bucket: "s3://vault", tilesDays: 1, checkpointsDays: 1 } }',
    ],
    ['no days at all', 'journal: { worm: { bucket: "s3://vault", tilesDays: 0, checkpointsDays: 1 } }', 'journal: {}'],
  ])('turns back %s, and takes its neighbour', (_, wrong, right) => {
    expect([faulty(withLines(['limits:', wrong])), faulty(withLines(['limits:', right]))]).toEqual([true, false])
  })

  it.each([
    ['a key misspelt', 'tls:', 'tlss: off', 1, 'tlss', 'tls: self'],
    ['a URL of another kind', 'publicUrl:', 'publicUrl: ftp://gatehouse.example.com', 1, 'publicUrl', 'publicUrl: http://gatehouse.example.com'],
    [
      'a URL with a slash at its end: no proof would be for it',
      'publicUrl:',
      'publicUrl: https://gatehouse.example.com/',
      1,
      'no slash at its end',
      'publicUrl: https://example.com/gatehouse',
    ],
    ['a URL with a query', 'deskUrl:', 'deskUrl: https://desk.example.com?x=1', 2, 'no query', 'deskUrl: https://desk.example.com:8444'],
    ['an address without a port', 'gate:', 'gate: 127.0.0.1', 4, 'host:port', 'gate: 127.0.0.1:1'],
    ['a port beyond the last', 'gate:', 'gate: 127.0.0.1:65536', 4, 'at most 65535', 'gate: 127.0.0.1:65535'],
    ['a port of letters', 'desk:', 'desk: localhost:https', 5, 'host:port', 'desk: "[::1]:8444"'],
    ['a time zone nobody lives in', 'timeZone:', 'timeZone: Europe/Atlantis', 9, 'time zone', 'timeZone: UTC'],
    ['an origin with a space', 'logOrigin:', 'logOrigin: my journal', 8, 'a name such as', 'logOrigin: journal'],
    ['a source of another kind', 'tms:', 'tms: { kind: oracle, readUrl: A, writeUrl: B }', 11, 'kind', 'tms: { kind: postgres, readUrl: A, writeUrl: B }'],
    ['no writing role', 'tms:', 'tms: { kind: postgres, readUrl: A }', 11, 'writeUrl', 'tms: { kind: postgres, readUrl: A, writeUrl: A }'],
    [
      'a timeout of none',
      'tms:',
      'tms: { kind: postgres, readUrl: A, writeUrl: B, timeoutMs: 99 }',
      11,
      '100',
      'tms: { kind: postgres, readUrl: A, writeUrl: B, timeoutMs: 100 }',
    ],
    ['a person with a space', '- {', '- { id: "anna b", name: Anna, groups: [] }', 13, 'people.0.id', '- { id: anna.b@example.com, name: Anna, groups: [] }'],
    ['a limit of nothing', 'limits:', 'limits: { costMax: 0 }', 14, 'costMax', 'limits: { costMax: 0.1 }'],
    ['a burst that lets nobody in', 'limits:', 'limits: { sourceBurst: 0.9 }', 14, 'sourceBurst', 'limits: { sourceBurst: 1 }'],
    ['a person who may propose nothing', 'limits:', 'limits: { waitingPerPerson: 0 }', 14, 'waitingPerPerson', 'limits: { waitingPerPerson: 1 }'],
    ['TLS that is off by another word', 'tls:', 'tls: false', 6, 'tls', 'tls: self'],
    ['no keys', 'keys:', '# none', 1, 'keys', 'keys: k'],
  ])('finds %s, at its line, and passes its neighbour', (_, line, wrong, at, message, right) => {
    const fault = faultOf(withLines([line, wrong]))
    expect(fault.code).toBe('config_invalid')
    expect(fault.message).toContain(`/etc/gatehouse/config.yaml:${at}: `)
    expect(fault.message).toContain(message)
    expect(passes([line, right])).toBe(true)
  })

  it('lists every fault, not the first alone', () => {
    const { message } = faultOf(withLines(['gate:', 'gate: x'], ['timeZone:', 'timeZone: x'], ['limits:', 'limits: { costMax: -1 }']))
    expect(
      message
        .split('\n')
        .slice(1)
        .map((line) => line.split(':')[1]),
    ).toEqual(['4', '9', '14'])
  })

  it.each([
    ['', 1],
    ['- a', 1],
    ['publicUrl: a: b', 1],
    ['a: 1\na: 2', 2],
    ['a: *nobody', 1],
    ['__proto__: { tls: off }', 1],
  ])('finds what is no configuration at all: %j', (text, line) => {
    expect(faultOf(text).message).toContain(`config.yaml:${line}: `)
  })
})

describe('TLS', () => {
  const off = ['tls:', 'tls: off'] as const
  const http = [
    ['publicUrl:', 'publicUrl: http://127.0.0.1:8443'],
    ['deskUrl:', 'deskUrl: http://127.0.0.1:8444'],
  ] as const

  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '"[::1]'])('may be off on %s', (host) => {
    const end = host.startsWith('"') ? '"' : ''
    expect(passes(off, ...http, ['gate:', `gate: ${host}:1${end}`], ['desk:', `desk: ${host}:2${end}`])).toBe(true)
  })

  it.each(['0.0.0.0', '10.0.0.1', 'gate.example.com', '127.0.0.1.example.com', '127.example.com', 'localhost.example.com', '"[::]'])(
    'may not be off on %s',
    (host) => {
      const end = host.startsWith('"') ? '"' : ''
      for (const door of ['gate', 'desk'] as const) {
        const text = withLines(off, ...http, [`${door}:`, `${door}: ${host}:9${end}`])
        expect(faultOf(text).message).toContain(`listens on ${host.replace('"', '')}:9, beyond this machine`)
      }
    },
  )

  it('may be off behind a proxy that has it, for each door by itself', () => {
    expect(passes(off, ['gate:', 'gate: 0.0.0.0:1'], ['desk:', 'desk: 0.0.0.0:2'])).toBe(true)
    expect(faultOf(withLines(off, ['deskUrl:', 'deskUrl: http://desk.example.com'], ['desk:', 'desk: 0.0.0.0:2'])).message).toContain('0.0.0.0:2')
    expect(passes(['deskUrl:', 'deskUrl: http://desk.example.com'], ['desk:', 'desk: 0.0.0.0:2'])).toBe(true)
  })
})

describe('a secret', () => {
  it.each([
    ['a URL of a source', 'tms:', 'tms: { kind: postgres, readUrl: "postgresql://tms_read:hunter2@db/tms", writeUrl: B }'],
    ['a password', 'tms:', 'tms: { kind: postgres, readUrl: A, writeUrl: B, password: hunter2 }'],
    ['a password in a URL of ours', 'publicUrl:', 'publicUrl: https://admin:hunter2@gatehouse.example.com'],
    ['a key', 'keys:', 'rootKey: hunter2'],
    ['a line that is not even YAML', 'keys:', 'keys: "hunter2'],
  ])('is not taken from the configuration (%s), and not repeated in the fault', (_, line, wrong) => {
    expect(faultOf(withLines([line, wrong])).message).not.toContain('hunter2')
  })

  it('comes by environment, and a fault names the variable alone', () => {
    expect(needed({ TMS_READ_URL: 'hunter2' }, 'TMS_READ_URL', 'the reading role')).toBe('hunter2')
    for (const environment of [{}, { TMS_READ_URL: '' }, { TMS_READ_URL: undefined, OTHER: 'hunter2' }]) {
      expect(() => needed(environment, 'TMS_READ_URL', 'the reading role')).toThrow(/^TMS_READ_URL is not set: the reading role$/)
    }
  })
})

describe('addressOf', () => {
  it.each([
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]:443', '::1', 443],
    ['host.example:0', 'host.example', 0],
  ])('reads %s', (address, host, port) => {
    expect(addressOf(address)).toEqual({ host, port })
  })
})

describe('trustedProxies', () => {
  const withProxies = (list: string): string => withLines(['tls:', `trustedProxies: ${list}`])

  it('is nobody unless it is told', () => {
    expect(read().trustedProxies).toEqual([])
  })

  it.each(['10.0.0.5', '10.0.0.0/8', '10.0.0.5/32', '::1', 'fd00::/16', '2001:db8::1/128'])('takes %s', (network) => {
    expect(read(withProxies(`["${network}"]`)).trustedProxies).toEqual([network])
  })

  it.each([
    '0.0.0.0/0',
    '10.0.0.0/7',
    '10.0.0.0/33',
    '::/0',
    'fc00::/15',
    'fd00::/129',
    'loopback',
    'proxy.example',
    '10.0.0',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'fe80::1%eth0',
  ])('turns back %s', (network) => {
    expect(faultOf(withProxies(`["${network}"]`)).message).toContain('trustedProxies')
  })
})
