import { Fault } from '../model/fault.ts'

/** A one-time code as people get it: `CODE`, or `CODE#sha256-…` with the pin of the gate's own certificate. */
export type EnrolmentCode = { readonly code: string; readonly pin?: string }

const PIN = /^sha256-[\w-]{43}$/

/**
 * The gate's origin. Faults: not a URL, a path or query, credentials in it, or plain http to another machine, where anyone on
 * the way could read tokens and answers.
 */
export function parseGateUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new Fault('config_invalid', `\`${text}\` is not the address of a gate`, 'give one such as https://gate.example:8443')
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new Fault('config_invalid', 'the address of a gate has no path, query or password', `give only ${url.origin}`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new Fault('config_invalid', `plain http to \`${url.hostname}\` would show tokens and answers to the network`, 'give the https:// address of the gate')
  return url.origin
}

/** This machine only: 127.0.0.0/8, ::1, and the name localhost (RFC 6761 §6.3). @internal */
export const isLoopback = (hostname: string): boolean => hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)

/** Faults: no code, or something after `#` that is not a pin: then the certificate could not be checked as the code demands. */
export function parseCode(text: string): EnrolmentCode {
  const [code = '', pin, ...more] = text.trim().split('#')
  if (code === '' || more.length > 0 || (pin !== undefined && !PIN.test(pin)))
    throw new Fault('config_invalid', 'this is not an enrolment code', 'copy it whole from the console, with everything after the #')
  return pin === undefined ? { code } : { code, pin }
}
