import { describe, expect, it } from 'vitest'
import { isLoopback, parseCode, parseGateUrl } from './gate-url.ts'

const PIN = `sha256-${'A'.repeat(43)}`

describe('the address of a gate', () => {
  it.each([
    ['https://gate.example', 'https://gate.example'],
    ['https://gate.example:8443/', 'https://gate.example:8443'],
    ['HTTPS://Gate.Example:443', 'https://gate.example'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://127.255.255.254:1', 'http://127.255.255.254:1'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['http://localhost:8080', 'http://localhost:8080'],
  ])('takes %s', (text, origin) => {
    expect(parseGateUrl(text)).toBe(origin)
  })

  it.each([
    ['http://gate.example', 'plain http'],
    ['http://128.0.0.1', 'plain http'],
    ['http://126.255.255.255', 'plain http'],
    ['http://0.0.0.0:8080', 'plain http'],
    ['http://[::2]', 'plain http'],
    ['http://localhost.example', 'plain http'],
    ['http://127.0.0.1.example', 'plain http'],
    ['http://user@127.0.0.1', 'no path'],
    ['https://gate.example/path', 'no path'],
    ['https://gate.example/?q', 'no path'],
    ['https://gate.example/#pin', 'no path'],
    ['https://user:pass@gate.example', 'no path'],
    ['ftp://gate.example', 'not the address'],
    ['gate.example', 'not the address'],
    ['', 'not the address'],
  ])('refuses %s', (text, why) => {
    expect(() => parseGateUrl(text)).toThrow(why)
  })

  it('never repeats a password given in it', () => {
    expect(() => parseGateUrl('https://user:hunter2@gate.example')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }))
  })

  it('reads other spellings of loopback as the URL parser does', () => {
    expect(isLoopback(new URL('http://0x7f.1').hostname)).toBe(true)
    expect(isLoopback(new URL('http://2147483649').hostname)).toBe(false)
  })
})

describe('an enrolment code', () => {
  it('comes alone or with a pin', () => {
    expect(parseCode(' abcd-efgh \n')).toEqual({ code: 'abcd-efgh' })
    expect(parseCode(`abcd-efgh#${PIN}`)).toEqual({ code: 'abcd-efgh', pin: PIN })
  })

  it.each(['', '#', `#${PIN}`, 'abcd-efgh#', `abcd#${PIN.slice(0, -1)}`, `abcd#${PIN}A`, `abcd#sha1-${'A'.repeat(43)}`, `abcd#${PIN}#${PIN}`])(
    'is refused as %j, rather than used without its pin, and never repeated in the message',
    (text) => {
      expect(() => parseCode(text)).toThrow('this is not an enrolment code')
    },
  )
})
