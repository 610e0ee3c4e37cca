import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Config, parseConfig } from '../config/config.ts'
import { Fault } from '../model/fault.ts'

/** The configuration in a file. Faults `config_invalid`, also when there is no such file. */
export function readConfig(file: string): Config {
  const path = resolve(file)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Fault('config_invalid', `the configuration ${path} cannot be read`, 'name it with --config; docs/guide/administrator.md has one to start from', {
      cause,
    })
  }
  return parseConfig(path, text)
}
