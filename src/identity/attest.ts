import { done, type Outcome } from '../base/outcome.ts'
import type { Posture } from '../model/principal.ts'
import type { Refusal } from '../model/refusal.ts'

/** What a device says of its own state. */
export type DeclaredPosture = Omit<Posture, 'assurance'>

/** Judges a device's state before any token: the posture to work with, or a refusal. */
export type Attest = (declared: DeclaredPosture) => Outcome<Posture, Refusal>

/** Believes the device and says so: `self` is worth least, and policy can ask for more. */
export const selfDeclared: Attest = ({ platform, osVersion, diskEncrypted, firewallOn }) =>
  done({ assurance: 'self', platform, osVersion, diskEncrypted, firewallOn })
