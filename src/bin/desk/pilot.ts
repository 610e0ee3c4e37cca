import { done } from '../../base/outcome.ts'
import { fieldOf } from '../../catalogue/pack.ts'
import type { Desk } from '../../desk/desk.ts'
import type { FieldClass } from '../../model/field-class.ts'
import { seenBySome } from '../../policy/seen.ts'
import type { Pack } from '../parts/pack.ts'

/** Whether no policy now in force could let an agent read a personal or free-text field in clear. */
function isMasked({ catalogue, bundle }: Pack): boolean {
  const seen = seenBySome(bundle)
  return Object.values(catalogue.operations)
    .filter(({ kind }) => kind === 'read')
    .every((operation) => operation.returns.every((name) => !COVERED.has(fieldOf(operation.resource, name).class) || !seen(operation, name)))
}

const COVERED: ReadonlySet<FieldClass> = new Set(['personal', 'freetext'])

/**
 * The four controls of the blueprint, each on or not yet, in plain words. What is not there is not claimed. Masking is for the policies to say;
 * approval no setting turns off: a pack in which anything but a proposal writes does not load, and a change is approved by a person's decision alone.
 */
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
              : 'a policy now in force may let an agent read personal fields or free text in clear',
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
