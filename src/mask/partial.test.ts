import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Field, FieldType } from '../catalogue/pack.ts'
import { partial } from './partial.ts'

const field = (type: FieldType): Field => ({ name: 'f', column: 'f', type, class: 'personal', describe: 'f' })
const TYPES = ['text', 'integer', 'decimal', 'date', 'instant', 'flag'] as const

describe('partial', () => {
  it.each([
    ['text', 'Jane Doe', 'J• D•'],
    ['text', 'Jane', 'J•'],
    ['text', 'Ann', '•••'],
    ['text', '', '•••'],
    ['text', 'J R R T', '• • • •'],
    ['text', '  Jane   Doe\t', 'J• D•'],
    ['text', 'Ökonom Ærø', 'Ö• Æ•'],
    ['text', '欧阳娜娜', '欧•'],
    ['text', '😀smile', '😀•'],
    ['text', 'jane.doe@firm.example', '•••@firm.example'],
    ['text', 'jane@firm.example or 030 123456', 'j• o• 0• 1•'],
    ['text', 'Jane <jane@firm.example>', 'J• <•'],
    ['text', '"a b"@firm.example', '"• b•'],
    ['text', '@firm.example', '@•'],
    ['text', 'a@b@c.example', 'a•'],
    ['text', '+49 30 1234567', '•••67'],
    ['text', '0301234567', '•••67'],
    ['text', '(030) 123456', '(• 1•'],
    ['text', '030 123456 ask for Jane', '0• 1• a• f• J•'],
    ['text', '12345', '1•'],
    ['text', '123456', '•••56'],
    ['date', '2026-06-30', '2026-06'],
    ['instant', '2026-06-30T08:15:00.000Z', '2026-06'],
    // A source sends what it likes.
    ['date', 'Jane Doe', 'J• D•'],
    ['date', 'Secret1', 'S•'],
    ['instant', true, '•'],
    ['date', 20_260_630, '10000000–100000000'],
    ['text', true, '•'],
    ['decimal', 1234.56, '1000–10000'],
    ['decimal', -0.05, '-0.01–0.1'],
    ['integer', 0, '0'],
    ['integer', 1000, '1000–10000'],
    ['integer', 999, '100–1000'],
    ['text', null, null],
  ] as const)('of a %s %j is %j', (type, value, hint) => {
    expect(partial(field(type), value)).toBe(hint)
  })

  it('never holds the whole of a text of four letters and more, whatever its field is said to be', () => {
    // The mark itself aside: a value made of bullets is its own hint.
    const letters = fc.constantFrom(...'abÄß 0123456789.@+-()/x\t\n😀欧', '.example', 'jane', 'T', ':')
    const texts = fc.array(letters, { minLength: 1, maxLength: 14 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(texts, fc.string({ maxLength: 20 })), fc.constantFrom(...TYPES), (value, type) => {
        fc.pre(value.length >= 4 && !value.includes('•'))
        const hint = partial(field(type), value)
        expect(hint).not.toBe(value)
        expect(String(hint)).not.toContain(value)
      }),
      { numRuns: 2000 },
    )
  })

  it('never holds a word of a text that is neither e-mail, telephone nor date', () => {
    const words = fc.array(
      fc.array(fc.constantFrom(...'abcdeÄß欧'), { minLength: 1, maxLength: 6 }).map((letters) => letters.join('')),
      { minLength: 2, maxLength: 6 },
    )
    fc.assert(
      fc.property(words, (some) => {
        const shown = String(partial(field('text'), some.join(' '))).split(' ')
        for (const word of some) expect(shown).not.toContain(word)
      }),
    )
  })
})
