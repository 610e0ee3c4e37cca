import { done } from '../../base/outcome.ts'
import type { Desk } from '../../desk/desk.ts'

/** The four controls of the blueprint, each on or not yet, in plain words. What is not there is not claimed. */
export const pilotPort = (facts: { readonly redacted: boolean }): Pick<Desk, 'pilot'> => ({
  pilot: async () =>
    done({
      controls: [
        {
          control: 'masked_view',
          on: facts.redacted,
          why: 'agents read through a role that cannot write, only the rows of their accounts; personal and price fields come as handles, hints or redacted',
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
})
