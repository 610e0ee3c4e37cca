import type { Entry } from '../journal/entry.ts'
import { type EntryOf, type Form, SEVERITY } from './form.ts'
import { type Place, text, whole, word } from './place.ts'

type Outcome = Entry['outcome']

/** Where an agent's machine connected to, or was kept from. `host` as asked for; `ip` where it led. */
export type Connection = {
  readonly host?: string
  readonly ip?: string
  readonly port: number
  readonly protocol?: 'tcp' | 'udp'
  readonly bytesIn?: number
  readonly bytesOut?: number
  /** The rule of the allowlist, where one decided. */
  readonly rule?: string
}
/** One HTTP exchange with a destination outside. `method` in capitals; `path` without its query: a query carries values. */
export type Exchange = Connection & { readonly method: string; readonly path: string; readonly status?: number }
export type ConnectionKind = 'connection.opened' | 'connection.closed' | 'connection.refused'
export type ExchangeKind = 'exchange.made' | 'exchange.refused'

export type Caller = { readonly person?: string; readonly session?: string; readonly device?: string; readonly correlation?: string }

/** The entry of a connection, ready to be recorded once its kind is one of the journal's. */
export const connectionEntry = (kind: ConnectionKind, outcome: Outcome, by: Caller, to: Connection): EntryOf<ConnectionKind> => ({
  kind,
  outcome,
  ...by,
  detail: to,
})

/** The entry of an HTTP exchange, likewise. */
export const exchangeEntry = (kind: ExchangeKind, outcome: Outcome, by: Caller, what: Exchange): EntryOf<ExchangeKind> => ({
  kind,
  outcome,
  ...by,
  detail: what,
})

const OUTBOUND = { 'connection_info.direction_id': 2 }
const FIELDS = { session: text('connection_info.session.uid', OUTBOUND), device: text('src_endpoint.uid') }
const TO: { readonly [name: string]: Place } = {
  host: text('dst_endpoint.hostname'),
  ip: text('dst_endpoint.ip'),
  port: whole('dst_endpoint.port'),
  protocol: text('connection_info.protocol_name', OUTBOUND),
  bytesIn: whole('traffic.bytes_in'),
  bytesOut: whole('traffic.bytes_out'),
  rule: text('policy.uid'),
}

const connection = (activity: number): Form => ({
  class: 4001,
  activity,
  severity: SEVERITY.informational,
  profiles: ['security_control'],
  fields: FIELDS,
  detail: TO,
  copies: verdict,
  otherwise: { src_endpoint: { name: 'unknown' } },
})

/** In the order of their numbers in OCSF, from 1. */
const METHODS: readonly string[] = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'TRACE', 'PATCH']

const exchange: Form = {
  class: 4002,
  activity: 0,
  severity: SEVERITY.informational,
  profiles: ['security_control'],
  fields: FIELDS,
  detail: { ...TO, method: word('http_request.http_method', METHODS), path: text('http_request.url.path'), status: whole('http_response.code') },
  copies: (entry) => ({ ...verdict(entry), activity_id: METHODS.findIndex((method) => method === entry.detail?.['method']) + 1 }),
  otherwise: { src_endpoint: { name: 'unknown' } },
}

function verdict({ outcome }: EntryOf<string>) {
  const code = outcome === 'done' ? 1 : 2
  return { action_id: code, disposition_id: code }
}

export const CONNECTION_FORMS: { readonly [K in ConnectionKind | ExchangeKind]: Form } = {
  'connection.opened': connection(1),
  'connection.closed': connection(2),
  'connection.refused': connection(5),
  'exchange.made': exchange,
  'exchange.refused': exchange,
}
