import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { release, version } from 'node:os'
import type { z } from 'zod'
import type { DeclaredPosture } from '../contract/connector.ts'

/** Text of a command or file, or null when it cannot be had: missing, forbidden, too slow. */
export type Look = {
  readonly run: (command: string, ...args: readonly string[]) => Promise<string | null>
  readonly file: (path: string) => Promise<string | null>
}

/**
 * What this device can honestly say of itself without special rights. True only where it was seen; what is unknown is false.
 * The device's own word, and worth no more: the gate marks it `self`.
 */
export async function readPosture(platform: NodeJS.Platform = process.platform, look: Look = thisDevice): Promise<z.infer<typeof DeclaredPosture>> {
  const [osVersion, diskEncrypted, firewallOn] = await Promise.all(findings(platform, look))
  return { platform: platform.slice(0, 50), osVersion: (osVersion ?? `${version()} ${release()}`).slice(0, 100), diskEncrypted, firewallOn }
}

function findings(platform: NodeJS.Platform, look: Look): [Promise<string | null>, Promise<boolean>, Promise<boolean>] {
  switch (platform) {
    case 'linux':
      return [linuxVersion(look), linuxDisk(look), linuxFirewall(look)]
    case 'darwin':
      return [
        look.run('sw_vers', '-productVersion').then((found) => found && `macOS ${found.trim()}`),
        look.run('fdesetup', 'status').then((found) => /FileVault is On/.test(found ?? '')),
        look.run('/usr/libexec/ApplicationFirewall/socketfilterfw', '--getglobalstate').then((found) => /State = [12]/.test(found ?? '')),
      ]
    case 'win32':
      return [Promise.resolve(null), windowsDisk(look), windowsFirewall(look)]
    default:
      return [Promise.resolve(null), Promise.resolve(false), Promise.resolve(false)]
  }
}

async function linuxVersion(look: Look): Promise<string | null> {
  const found = /^PRETTY_NAME="?(.*?)"?$/m.exec((await look.file('/etc/os-release')) ?? '')?.[1]
  return found === undefined ? null : `${found} (${release()})`
}

type BlockDevice = { readonly type?: unknown; readonly mountpoints?: unknown; readonly children?: unknown }

/** True when the root file system lies, at some depth, on a dm-crypt device. */
async function linuxDisk(look: Look): Promise<boolean> {
  const found = await look.run('lsblk', '--json', '--output', 'NAME,TYPE,MOUNTPOINTS')
  try {
    return isRootBelowCrypt(JSON.parse(found ?? '{}').blockdevices, false)
  } catch {
    return false
  }
}

function isRootBelowCrypt(devices: unknown, below: boolean): boolean {
  if (!Array.isArray(devices)) return false
  return devices.some((device: BlockDevice) => {
    const encrypted = below || device.type === 'crypt'
    return (encrypted && Array.isArray(device.mountpoints) && device.mountpoints.includes('/')) || isRootBelowCrypt(device.children, encrypted)
  })
}

/** firewalld answers anyone; ufw says in its file whether it starts; nftables shows its rules only to those allowed to look. */
async function linuxFirewall(look: Look): Promise<boolean> {
  const [firewalld, ufw, nft] = await Promise.all([look.run('firewall-cmd', '--state'), look.file('/etc/ufw/ufw.conf'), look.run('nft', 'list', 'ruleset')])
  return firewalld?.trim() === 'running' || /^ENABLED=yes$/m.test(ufw ?? '') || /hook input [^}]*policy drop/.test(nft ?? '')
}

const POWERSHELL = ['powershell.exe', '-NoProfile', '-NonInteractive', '-Command'] as const

/** BitLocker as the shell shows it to any user: 1 is on. Suspended, or being encrypted, is not on. */
async function windowsDisk(look: Look): Promise<boolean> {
  const script = "(New-Object -ComObject Shell.Application).NameSpace($env:SystemDrive).Self.ExtendedProperty('System.Volume.BitLockerProtection')"
  return (await look.run(...POWERSHELL, script))?.trim() === '1'
}

async function windowsFirewall(look: Look): Promise<boolean> {
  const states = ((await look.run(...POWERSHELL, '(Get-NetFirewallProfile).Enabled -join ","')) ?? '').trim().split(',')
  return states.length === 3 && states.every((state) => state === 'True')
}

const COMMAND_MS = 3_000

const thisDevice: Look = {
  run: (command, ...args) =>
    new Promise((resolve) => {
      execFile(command, args, { timeout: COMMAND_MS, windowsHide: true, env: { ...process.env, LC_ALL: 'C' } }, (error, stdout) =>
        resolve(error === null ? stdout : null),
      )
    }),
  file: (path) => readFile(path, 'utf8').catch(() => null),
}
