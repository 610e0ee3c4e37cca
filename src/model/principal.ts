/** The program that acts for a person. `declared`: it said so itself, which is worth least. */
export type Agent = { readonly name: string; readonly version: string; readonly assurance: 'declared' | 'helper' | 'vendor' }

/** What is known of the device's state, and on whose word. `self`: its own, until attestation vouches for it. */
export type Posture = {
  readonly assurance: 'self' | 'attested'
  readonly platform: string
  readonly osVersion: string
  readonly diskEncrypted: boolean
  readonly firewallOn: boolean
}

/** One agent on one device for one person and one use case, with the customer accounts that go with it; at most an hour. */
export type Session = {
  readonly id: string
  readonly person: string
  readonly groups: readonly string[]
  readonly device: string
  /** Thumbprint of the key the session is bound to (RFC 7638, base64url of SHA-256). */
  readonly jkt: string
  readonly agent: Agent
  readonly posture: Posture
  readonly useCase: string
  readonly accounts: readonly string[]
  readonly admittedAt: number
  /** Milliseconds since the epoch, at most an hour after `admittedAt`. */
  readonly endsAt: number
}
