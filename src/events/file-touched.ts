import type { Entry } from '../journal/entry.ts'
import { type EntryOf, type Form, SEVERITY } from './form.ts'
import { text, whole } from './place.ts'

/** A file that an agent touched, or was kept from, in its sandbox. `sha256` in hexadecimal, of what was read or written. */
export type FileTouched = { readonly path: string; readonly sha256?: string; readonly bytes?: number; readonly program?: string }
export type FileKind = 'file.created' | 'file.read' | 'file.updated' | 'file.deleted' | 'file.renamed' | 'file.opened'

/** By whom, in which session, on which device. */
export type Toucher = { readonly person: string; readonly session: string; readonly device: string }

/** The entry of a file touched, ready to be recorded once its kind is one of the journal's. */
export const fileEntry = (kind: FileKind, outcome: Entry['outcome'], by: Toucher, file: FileTouched): EntryOf<FileKind> => ({
  kind,
  outcome,
  ...by,
  detail: file,
})

const form = (activity: number): Form => ({
  class: 1001,
  activity,
  severity: SEVERITY.informational,
  profiles: ['security_control'],
  fields: { person: text('actor.user.uid'), session: text('actor.session.uid'), device: text('device.uid', { 'device.type_id': 0 }) },
  detail: {
    path: text('file.path'),
    sha256: text('file.hashes.0.value', { 'file.hashes.0.algorithm_id': 3 }),
    bytes: whole('file.size'),
    program: text('actor.app_name'),
  },
  copies: ({ outcome, detail }) => ({
    action_id: outcome === 'done' ? 1 : 2,
    disposition_id: outcome === 'done' ? 1 : 2,
    'file.name': typeof detail?.['path'] === 'string' ? nameIn(detail['path']) : 'unknown',
    'file.type_id': 0,
  }),
  otherwise: { actor: { app_name: 'unknown' }, device: { name: 'unknown', type_id: 0 } },
})

const nameIn = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)

export const FILE_FORMS: { readonly [K in FileKind]: Form } = {
  'file.created': form(1),
  'file.read': form(2),
  'file.updated': form(3),
  'file.deleted': form(4),
  'file.renamed': form(5),
  'file.opened': form(14),
}
