/** The role that owns the tables: it cannot log in, and no process runs as it. */
export const OWNER = 'gatehouse_owner'

/** The role of each process, least first. A compromised gate can read and add, never rewrite the past. */
export const PROCESS_ROLES = { gate: 'gatehouse_gate', apply: 'gatehouse_apply', sign: 'gatehouse_sign', archive: 'gatehouse_archive' } as const
export type ProcessRole = keyof typeof PROCESS_ROLES

/**
 * What each process may do with each table: s select, i insert, u update, d delete. Nobody may update or delete an entry of the journal, a
 * checkpoint or what a session was shown. Every table stands here: one that is missing fails the test, not the night shift.
 * @internal
 */
// biome-ignore format: a matrix is read by column
export const GRANTS: Readonly<Record<string, Readonly<Record<ProcessRole, string>>>> = {
  //                    the gate       the applier   the signer  the archive
  house:              { gate: 's',     apply: 's',   sign: 's',   archive: 's'  },
  journal_entry:      { gate: 'si',    apply: 'si',  sign: 's',   archive: 's'  },
  journal_head:       { gate: 'su',    apply: 'su',  sign: 's',   archive: 's'  },
  journal_pruned:     { gate: 's',     apply: 's',   sign: 's',   archive: 's'  },
  journal_checkpoint: { gate: 's',     apply: 's',   sign: 'si',  archive: 's'  },
  person:             { gate: 'siu',   apply: '',    sign: '',    archive: ''   },
  invite:             { gate: 'siud',  apply: '',    sign: '',    archive: ''   },
  device:             { gate: 'siu',   apply: '',    sign: '',    archive: ''   },
  session_request:    { gate: 'siud',  apply: '',    sign: '',    archive: ''   },
  session:            { gate: 'siu',   apply: '',    sign: '',    archive: ''   },
  access_token:       { gate: 'siud',  apply: '',    sign: '',    archive: ''   },
  desk_session:       { gate: 'siud',  apply: '',    sign: '',    archive: ''   },
  exposure:           { gate: 'si',    apply: '',    sign: '',    archive: ''   },
  change:             { gate: 'siu',   apply: 'su',  sign: '',    archive: ''   },
  draft:              { gate: 'si',    apply: '',    sign: '',    archive: ''   },
  cosignature:        { gate: 's',     apply: 's',   sign: '',    archive: 'si' },
  witness_refusal:    { gate: 'su',    apply: '',    sign: '',    archive: 'si' },
  access_request:     { gate: 'siu',   apply: '',    sign: '',    archive: ''   },
  vault_subject:      { gate: 'si',    apply: 'si',  sign: '',    archive: ''   },
  vault_key:          { gate: 'si',    apply: 'si',  sign: '',    archive: 's'  },
  vault_hold:         { gate: '',      apply: '',    sign: '',    archive: ''   },
  payload:            { gate: 'si',    apply: 'si',  sign: 's',   archive: 's'  },
}

const VERBS = { s: 'select', i: 'insert', u: 'update', d: 'delete' } as const

/** The statements that leave each process exactly its part, whatever stood before. */
export function grantStatements(): readonly string[] {
  const roles = Object.entries(PROCESS_ROLES) as readonly (readonly [ProcessRole, string])[]
  const all = roles.map(([, role]) => role).join(', ')
  const parts = Object.entries(GRANTS).flatMap(([table, letters]) =>
    roles.filter(([process]) => letters[process] !== '').map(([process, role]) => `grant ${verbs(letters[process])} on ${table} to ${role}`),
  )
  return [`revoke all on all tables in schema public from public, ${all}`, `grant usage on schema public to ${all}`, ...parts]
}

const verbs = (letters: string): string => [...letters].map((letter) => VERBS[letter as keyof typeof VERBS]).join(', ')
