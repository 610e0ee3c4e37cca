import { describe, expect, it } from 'vitest'
import { DeclaredPosture } from '../contract/connector.ts'
import { type Look, readPosture } from './posture.ts'

/** A machine where only these commands and files answer. */
const machine = (answers: Readonly<Record<string, string>>): Look => ({
  run: async (command, ...args) => answers[[command, ...args].join(' ')] ?? answers[command] ?? null,
  file: async (path) => answers[path] ?? null,
})

const disk = (...types: readonly string[]): string => {
  const leaf: object = { name: 'root', type: types.at(-1), mountpoints: ['/'] }
  return JSON.stringify({ blockdevices: [types.slice(0, -1).reduceRight((child, type) => ({ type, mountpoints: [null], children: [child] }), leaf)] })
}

describe('the posture a device declares', () => {
  it('is that nothing is known to be on, where nothing can be seen', async () => {
    for (const platform of ['linux', 'darwin', 'win32', 'freebsd'] as const)
      expect(await readPosture(platform, machine({}))).toMatchObject({ platform, diskEncrypted: false, firewallOn: false })
  })

  it.each([
    ['a plain disk', disk('disk', 'part'), false],
    ['a root on dm-crypt', disk('disk', 'part', 'crypt'), true],
    ['a root on a volume inside dm-crypt', disk('disk', 'part', 'crypt', 'lvm'), true],
    [
      'only another disk encrypted',
      JSON.stringify({
        blockdevices: [
          { type: 'crypt', mountpoints: ['/data'] },
          { type: 'disk', mountpoints: ['/'] },
        ],
      }),
      false,
    ],
    ['an answer of another form', '{"blockdevices": 7}', false],
    ['an answer that is not JSON', 'lsblk: unknown option', false],
  ])('tells %s on Linux', async (_, lsblk, diskEncrypted) => {
    expect(await readPosture('linux', machine({ lsblk }))).toMatchObject({ diskEncrypted })
  })

  it.each([
    ['firewalld runs', { 'firewall-cmd --state': 'running\n' }, true],
    ['firewalld does not', { 'firewall-cmd --state': 'not running\n' }, false],
    ['ufw is enabled', { '/etc/ufw/ufw.conf': '# c\nENABLED=yes\n' }, true],
    ['ufw is disabled', { '/etc/ufw/ufw.conf': 'ENABLED=no\n' }, false],
    ['nftables drops what comes in', { nft: 'chain input { type filter hook input priority filter; policy drop; }' }, true],
    ['nftables accepts it', { nft: 'chain input { type filter hook input priority filter; policy accept; }\nchain f { hook forward; policy drop; }' }, false],
  ])('tells whether a firewall is on on Linux when %s', async (_, answers, firewallOn) => {
    expect(await readPosture('linux', machine(answers))).toMatchObject({ firewallOn })
  })

  it('reads the version a person knows', async () => {
    const { osVersion } = await readPosture('linux', machine({ '/etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n' }))
    expect(osVersion).toMatch(/^Debian GNU\/Linux 13 \(trixie\) \(.+\)$/)
    expect((await readPosture('darwin', machine({ sw_vers: '26.1\n' }))).osVersion).toBe('macOS 26.1')
  })

  it('fits the contract on this very machine', async () => {
    expect(DeclaredPosture.safeParse(await readPosture()).success).toBe(true)
  })
})
