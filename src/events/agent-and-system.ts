import type { Json } from '../base/canonical.ts'
import type { EntryOf } from './form.ts'
import type { Fixture } from './place.ts'

type Part = EntryOf<string>['detail']

/** Copies for a SIEM: the program that acts for the person, and the system it runs on, as far as the entry tells. */
export function agentAndSystem({ device, detail }: EntryOf<string>): Fixture {
  const agent = textOf(partOf(detail, 'agent'), 'name')
  const posture = partOf(detail, 'posture')
  const platform = textOf(posture, 'platform') ?? textOf(detail, 'platform')
  const version = textOf(posture, 'osVersion')
  const os = { name: platform, type_id: OS_TYPES.get(platform ?? '') ?? 0, ...(version === null ? {} : { version }) }
  return { ...(agent === null ? {} : { 'actor.app_name': agent }), ...(device === undefined || platform === null ? {} : { 'device.os': os }) }
}

/** `os.type_id` of what Node calls the platform. */
const OS_TYPES: ReadonlyMap<string, number> = new Map([
  ['win32', 100],
  ['linux', 200],
  ['darwin', 300],
])

function textOf(part: Part, name: string): string | null {
  const value = memberOf(part, name)
  return typeof value === 'string' ? value : null
}

function partOf(part: Part, name: string): Part {
  const value = memberOf(part, name)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [name: string]: Json }) : undefined
}

const memberOf = (part: Part, name: string): Json | undefined => (part && Object.hasOwn(part, name) ? part[name] : undefined)
