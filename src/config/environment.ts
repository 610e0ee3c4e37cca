import { Fault } from '../model/fault.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A value that must come by environment, because it is a secret. Faults `config_invalid` naming the variable, never a value. */
export function needed(environment: Environment, name: string, what: string): string {
  const value = environment[name]
  if (value) return value
  throw new Fault('config_invalid', `${name} is not set: ${what}`, `set ${name} in the environment of this process`)
}
