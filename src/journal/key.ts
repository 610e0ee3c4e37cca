import { readFile, stat } from 'node:fs/promises'
import type { Random } from '../base/clock.ts'
import type { SignerKey, VerifierKey } from '../log/note-key.ts'
import { formatSkey, formatVkey, parseSkey, parseVkey, signerKey } from '../log/note-key.ts'
import { Fault } from '../model/fault.ts'
import { writeDurably } from './durable-file.ts'

/** Where the verifier key lies: beside the signer's, for whoever shall verify. */
export const vkeyPath = (keyPath: string): string => `${keyPath}.vkey`

/**
 * The signer's key, made at the first call: one C2SP line in a file that only its owner may read, and the verifier key beside it.
 * `origin` is the log's name and the key's. Faults `config_invalid`: the file is another log's, not a key, or open to other users.
 */
export async function openSignerKey({ path, origin, random }: { readonly path: string; readonly origin: string; readonly random: Random }): Promise<SignerKey> {
  const key = (await load(path)) ?? (await make(path, signerKey(origin, random(32))))
  if (key.name !== origin) throw invalid(`the signer's key is that of ${key.name}, not of ${origin}`)
  await writeDurably(vkeyPath(path), `${formatVkey(key)}\n`, { mode: 0o644 })
  return key
}

/** The key of a file that stands already, for a command that uses it and makes none; null when there is none. Faults as `openSignerKey`. */
export async function readSignerKey(path: string, origin: string): Promise<SignerKey | null> {
  const key = await load(path)
  if (key !== null && key.name !== origin) throw invalid(`the signer's key is that of ${key.name}, not of ${origin}`)
  return key
}

/** The verifier key of a file such as `vkeyPath` names. Faults `config_invalid`. */
export async function readVkey(path: string): Promise<VerifierKey> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Fault('config_invalid', "the journal's verifier key cannot be read", `give the file that lies beside the signer's key, \`*.vkey\``, { cause })
  })
  const key = parseVkey(text.trimEnd())
  if (!key) throw new Fault('config_invalid', 'that file holds no verifier key', `give the file that lies beside the signer's key, \`*.vkey\``)
  return key
}

async function make(path: string, key: SignerKey): Promise<SignerKey> {
  try {
    await writeDurably(path, `${formatSkey(key)}\n`, { fresh: true })
    return key
  } catch (cause) {
    // Another process made one at the same moment: that one is the log's.
    const other = await load(path)
    if (other) return other
    throw cause
  }
}

async function load(path: string): Promise<SignerKey | null> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw cause
  })
  if (text === null) return null
  if (process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) throw invalid("the signer's key file can be read by other users")
  const key = parseSkey(text.trimEnd())
  if (!key) throw invalid("the signer's key file holds no key of that kind")
  return key
}

const invalid = (message: string): Fault => new Fault('config_invalid', message, 'restore the key file, with mode 0600; a new key would begin a new log')
