const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** The hour (0–23) and the weekday (0 is Sunday) at a moment, on the clocks of a time zone. */
export function localTime(timeZone: string): (now: number) => { readonly hour: number; readonly weekday: number } {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', hourCycle: 'h23', weekday: 'short' })
  let minute = Number.NaN
  let held = { hour: 0, weekday: 0 }
  return (now) => {
    const asked = Math.floor(now / 60_000)
    if (asked === minute) return held
    const parts = format.formatToParts(now)
    const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
    minute = asked
    held = { hour: Number(of('hour')), weekday: WEEKDAYS.indexOf(of('weekday')) }
    return held
  }
}
