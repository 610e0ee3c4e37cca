import { type Command, InvalidArgumentError } from 'commander'

/** Where the house is that an administrator keeps, on a command. */
export const placed = (command: Command): Command =>
  command
    .option('--data <folder>', "a running pilot's data folder")
    .option('--config <file>', 'the configuration that `gatehouse serve` runs with; DATABASE_URL then names its PostgreSQL as administrator')

/** A number of days, as an option says it. */
export function days(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a number of days.')
}

/** The same, and at least one. */
export function daysFromOne(text: string): number {
  const found = days(text)
  if (found >= 1) return found
  throw new InvalidArgumentError('at least one day.')
}
