/** How long after typing their passphrase a person counts as present: to decide a change, open a session, enrol a device, or see clear values. */
export const CONFIRMED_SECONDS = 300
