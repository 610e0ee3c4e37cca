import { describe, expect, it } from 'vitest'
import { readYaml } from './yaml.ts'

describe('readYaml', () => {
  it.each([
    ['a key twice', 'a: 1\nb:\n  c: 1\n  c: 2\n', 4, 'Map keys must be unique'],
    ['a mapping inside a line', 'a: 1\nb: c: d\n', 2, 'Nested mappings'],
    ['an alias of nothing', 'a: *nobody\n', 1, 'an alias'],
    ['the key __proto__', 'a: 1\nb:\n  __proto__: { admin: true }\n', 3, '`__proto__` is no name'],
    ['two documents', 'a: 1\n---\nb: 2\n', 2, 'multiple documents'],
  ])('says where %s is, and gives no value', (_, text, line, message) => {
    const { value, faults } = readYaml(text)
    expect(value).toBeNull()
    expect(faults[0]).toEqual({ line, message: expect.stringContaining(message) })
  })

  it('refuses aliases that multiply', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [name, of] of [...'bcdefg'].map((letter, i) => [letter, 'abcdef'[i]])) bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`)
    expect(readYaml(bomb.join('\n')).faults[0]?.message).toContain('alias')
  })

  it('quotes nothing of a text that cannot be read', () => {
    const { faults } = readYaml('- a\npassword: hunter2\nb: "hunter2\n')
    expect(faults.length).toBeGreaterThan(0)
    expect(JSON.stringify(faults)).not.toContain('hunter2')
  })

  it('knows the line of a path, and of the nearest node where the path ends early', () => {
    const { value, lineOf } = readYaml('# top\na:\n  b:\n    - x\n    - y\n')
    expect(value).toEqual({ a: { b: ['x', 'y'] } })
    expect([lineOf(['a', 'b', 1]), lineOf(['a', 'b', 7, 'z']), lineOf(['nowhere']), lineOf([])]).toEqual([5, 4, 1, 1])
  })
})
