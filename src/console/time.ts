const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })

/** In the reader's own time zone: the time alone for today, with the day otherwise. */
export function timeOf(at: number, now: number): string {
  const date = new Date(at)
  return date.toDateString() === new Date(now).toDateString() ? CLOCK.format(date) : `${DAY.format(date)} ${CLOCK.format(date)}`
}

export const fullTimeOf = (at: number): string => FULL.format(new Date(at))

/** "3 min", "2 h", "5 d": the largest unit that fits, rounded down. */
export function spanOf(milliseconds: number): string {
  const minutes = Math.floor(Math.max(0, milliseconds) / 60_000)
  if (minutes < 1) return 'under a minute'
  if (minutes < 120) return `${minutes} min`
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`
}
