/** Control and format characters, and separators of lines: what could steer a terminal, or make one sentence look like two. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A sentence as it may be printed: whoever keeps the journal wrote parts of it. */
export const plain = (text: string): string => text.replace(STEERING, '\ufffd')

/** The same for what we wrote in several lines. */
export const plainLines = (text: string): string => text.split('\n').map(plain).join('\n')

/** JSON for programs that a terminal may show too: the same value, spelled without such characters. */
export const plainJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(STEERING, (letter) =>
    letter === '\n' ? letter : [...Array(letter.length).keys()].map((i) => `\\u${letter.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  )
