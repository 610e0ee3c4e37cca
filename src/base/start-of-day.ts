/** When the day began on the clocks of a time zone. On a day the clocks are changed it may be an hour off: for lists people read, not for deciding. */
export function startOfDay(timeZone: string, now: number): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' }).formatToParts(now)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  const secondsToday = (of('hour') * 60 + of('minute')) * 60 + of('second')
  return Math.floor(now / 1000) * 1000 - secondsToday * 1000
}
