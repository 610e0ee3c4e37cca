import { describe, expect, it } from 'vitest'
import type { Subjects } from '../../journal/vault/subjects.ts'
import { withPseudonyms } from './vault.ts'

const people = ['anna', 'bob', 'carol'].map((id) => ({ id, name: id, groups: [`${id}s`] }))
const subjectsOf = (pseudonym: Subjects['pseudonym']): { readonly subjects: Subjects } => {
  const never = () => Promise.reject(new Error('not asked'))
  return { subjects: { pseudonym, known: never, found: never, isOurs: never, who: never, whoAll: never } }
}

describe('withPseudonyms', () => {
  it('calls everybody by a pseudonym of their own, with their own groups', async () => {
    const config = await withPseudonyms(
      { people },
      subjectsOf((ref) => Promise.resolve(`p-${ref}`)),
    )
    expect(config.people).toEqual(people.map((person) => ({ ...person, id: `p-person:${person.id}` })))
  })

  it('faults where two people would have one pseudonym', async () => {
    const together = subjectsOf((ref) => Promise.resolve(ref === 'person:anna' ? 'p-person:bob' : `p-${ref}`))
    await expect(withPseudonyms({ people }, together)).rejects.toMatchObject({
      code: 'config_invalid',
      message: '`anna` and `bob` of the configuration are one person to the vault',
    })
  })
})
