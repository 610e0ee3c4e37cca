import { z } from 'zod'
import { readYaml, shapeFaults } from '../base/yaml.ts'

const Id = z.string().regex(/^[a-z][a-z0-9-]{0,47}$/, 'an id is lower-case letters, digits and dashes')

const DirectoryShape = z.strictObject({
  useCases: z.record(
    Id,
    z.strictObject({
      title: z.string().min(3),
      owner: z.string().min(3),
      purpose: z.string().min(10),
      groups: z.array(Id).min(1),
      approvers: z.array(Id),
      exposure: z.strictObject({ subject: z.int().min(0), price: z.int().min(0) }),
    }),
  ),
  groups: z.record(
    Id,
    z.strictObject({
      accounts: z.array(
        z
          .string()
          .min(1)
          .regex(/^[^,]+$/, 'an account has no comma'),
      ),
    }),
  ),
})

export type UseCase = {
  readonly id: string
  readonly title: string
  readonly owner: string
  readonly purpose: string
  readonly groups: readonly string[]
  readonly approvers: readonly string[]
  readonly exposure: { readonly subject: number; readonly price: number }
}

/** Who may work on what: the use cases with their owners, people's groups and approvers, and the accounts of each group. */
export type Directory = {
  readonly useCases: readonly UseCase[]
  readonly useCasesOf: (groups: readonly string[]) => readonly UseCase[]
  readonly accountsOf: (groups: readonly string[]) => readonly string[]
  readonly ownerOf: (useCase: string) => string
  /** Whether people of these groups decide changes of the use case. */
  readonly decides: (groups: readonly string[], useCase: string) => boolean
  readonly exposureOf: (useCase: string) => UseCase['exposure']
}

export type DirectoryFault = { readonly file: string; readonly line: number; readonly message: string }

/** Reads `usecases.yaml`, or lists every fault in it. A use case or group nobody defined gives nothing. */
export function readDirectory(file: string, text: string): { readonly directory: Directory; readonly faults: readonly DirectoryFault[] } {
  const yaml = readYaml(text)
  const read = DirectoryShape.safeParse(yaml.value)
  const faults: DirectoryFault[] = yaml.faults.map((fault) => ({ file, ...fault }))
  if (!read.success && faults.length === 0) faults.push(...shapeFaults(yaml, read.error).map((fault) => ({ file, ...fault })))
  const { useCases, groups } = read.success ? read.data : { useCases: {}, groups: {} }

  const all: readonly UseCase[] = Object.entries(useCases).map(([id, useCase]) => ({ id, ...useCase }))
  const find = (id: string) => all.find((useCase) => useCase.id === id)
  const directory: Directory = {
    useCases: all,
    useCasesOf: (mine) => all.filter((useCase) => useCase.groups.some((group) => mine.includes(group))),
    accountsOf: (mine) => [...new Set(mine.flatMap((group) => (Object.hasOwn(groups, group) ? (groups[group]?.accounts ?? []) : [])))],
    ownerOf: (id) => find(id)?.owner ?? 'IT Security',
    decides: (mine, id) => find(id)?.approvers.some((group) => mine.includes(group)) ?? false,
    exposureOf: (id) => find(id)?.exposure ?? { subject: 0, price: 0 },
  }
  return { directory, faults }
}
