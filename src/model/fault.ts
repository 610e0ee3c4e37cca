export type FaultCode =
  | 'config_invalid'
  | 'catalogue_invalid'
  | 'policy_invalid'
  | 'port_taken'
  | 'data_newer'
  | 'data_in_use'
  | 'data_unreachable'
  | 'fsync_off'
  | 'postgres_too_old'
  | 'postgres_unreachable'
  | 'postgres_missing'
  | 'console_missing'
  | 'uncontained'
  | 'import_refused'
  | 'not_enrolled'
  | 'gate_unreachable'
  | 'gate_refused'
  | 'journal_broken'
  | 'part_ended'
  | 'held'
  | 'vault_altered'

/** Why a process cannot start or a command cannot go on: for the person at the terminal. Thrown only at start or in a command. */
export class Fault extends Error {
  readonly code: FaultCode
  /** What to do next, one sentence. */
  readonly next: string

  constructor(code: FaultCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Fault'
    this.code = code
    this.next = next
  }
}
