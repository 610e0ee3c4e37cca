import { done } from '../../base/outcome.ts'
import { fieldOf } from '../../catalogue/pack.ts'
import type { Desk } from '../../desk/desk.ts'
import { coversOf } from '../../policy/covers.ts'
import type { Pack } from '../parts/pack.ts'

/** Whether no use case of any policy now in force lets an agent read a personal or free-text field in clear. */
function isMasked({ catalogue, bundle, directory }: Pack): boolean {
  const agent = { name: 'any', version: '0', assurance: 'declared' } as const
  const posture = { assurance: 'self', platform: 'any', osVersion: '0', diskEncrypted: true, firewallOn: true } as const
  const ends = { admittedAt: 0, endsAt: 0 }
  return directory.useCases.every((useCase) => {
    const session = {
      id: `any ${useCase.id}`,
      person: 'any',
      groups: useCase.groups,
      device: 'any',
      jkt: '',
      agent,
      posture,
      useCase: useCase.id,
      accounts: [],
      ...ends,
    }
    return Object.values(catalogue.operations).every((operation) => {
      const cover = coversOf(bundle, session, operation)
      const read = operation.kind === 'read' ? operation.returns : []
      return read.every((name) => !['personal', 'freetext'].includes(fieldOf(operation.resource, name).class) || cover(name) !== 'clear')
    })
  })
}

/** The four controls of the blueprint, each on or not yet, in plain words. What is not there is not claimed. */
export function pilotPort(pack: Pack): Pick<Desk, 'pilot'> {
  const masked = isMasked(pack)
  return {
    pilot: async () =>
      done({
        controls: [
          {
            control: 'masked_view',
            on: masked,
            why: masked
              ? 'agents read through a role that cannot write, only the rows of their accounts; names and contacts come as tokens, hints or redacted'
              : 'a policy now in force lets an agent read personal fields or free text in clear',
          },
          { control: 'sandbox', on: false, why: 'agents run unconfined on the desktop: what they read elsewhere and where they send it is not controlled yet' },
          {
            control: 'attested_sessions',
            on: false,
            why: 'sessions last one hour at most and are bound to the device key, but the device vouches for itself: nobody has attested it yet',
          },
          {
            control: 'human_approval',
            on: true,
            why: 'a status change is written only after another person approved it; the process that writes checks that itself',
          },
        ],
      }),
  }
}
