import type { Entry, EntryKind } from '../../src/journal/entry.ts'

/** An entry of each kind with all its parts, as the house writes it; a new kind does not compile without one. */
export const ENTRY_SAMPLES: { readonly [K in EntryKind]: Omit<Entry, 'kind' | 'outcome'> } = {
  'house.started': { detail: { policy: '3a0fc6e1b2d49c77' } },
  'house.stopped': {},
  'house.heartbeat': {},
  'house.configured': { detail: { after: { limits: { costMax: 60, costPerMinute: 1500 }, policies: '3a0fc6e1b2d49c77', witnessPolicy: null } } },
  'journal.exported': {
    person: 'erik',
    detail: { from: 3, to: 40, why: 'case 2026-17: asked for by the court', file: 'manifest.sha256', sha256: 'ab'.repeat(32) },
  },
  'journal.erasing': { detail: { subject: 'p-0123456789abcdef', payload: { alg: 'A256GCM', digest: 'd'.repeat(43), size: 96, keyId: 'k-1' } } },
  'journal.erased': {
    detail: {
      subject: 'p-0123456789abcdef',
      keys: 3,
      months: ['2026-09', '2026-10', '2026-11'],
      payloads: 41,
      payload: { alg: 'A256GCM', digest: 'd'.repeat(43), size: 96, keyId: 'k-1' },
    },
  },
  'journal.held': { detail: { subject: 'p-0123456789abcdef', payload: { alg: 'A256GCM', digest: 'd'.repeat(43), size: 96, keyId: 'k-1' } } },
  'journal.released': { detail: { subject: 'p-0123456789abcdef', payload: { alg: 'A256GCM', digest: 'd'.repeat(43), size: 96, keyId: 'k-1' } } },
  'journal.pruned': { detail: { from: 256, to: 768, why: 'older than 90 days' } },
  'journal.rekeyed': {
    detail: {
      oldKey: '0123456789abcdef',
      newKey: 'fedcba9876543210',
      payload: { alg: 'A256GCM', digest: 'd'.repeat(43), size: 96, keyId: 'k-1' },
    },
  },
  'person.assigned': { person: 'anna', detail: { groups: ['customer-service', 'exception-desk'] } },
  'person.invited': { person: 'anna', correlation: 'req-1', detail: { by: 'administrator' } },
  'person.passphrase_set': { person: 'anna', correlation: 'req-1', detail: { by: 'pilot' } },
  'person.signed_in': { person: 'anna', correlation: 'req-1' },
  'person.sign_in_refused': { person: 'anna', correlation: 'req-1', detail: { known: true, locked: false } },
  'person.confirmed': { person: 'anna', correlation: 'req-1' },
  'person.signed_out': { person: 'anna', correlation: 'req-1' },
  'device.invited': { person: 'anna', correlation: 'req-1', detail: { by: 'anna' } },
  'device.enrolled': { person: 'anna', device: 'd-1', correlation: 'req-1', detail: { jkt: 'thumbprint', platform: 'linux', again: true } },
  'device.enrol_refused': { person: 'anna', device: 'd-1', correlation: 'req-1', detail: { jkt: 'thumbprint' } },
  'device.revoked': { person: 'anna', device: 'd-1', correlation: 'req-1', detail: { by: 'erik', why: 'lost on the train' } },
  'session.requested': { person: 'anna', device: 'd-1', correlation: 'req-1', detail: { agent: agent(), posture: posture() } },
  'session.decided': { person: 'anna', device: 'd-1', correlation: 'req-1', detail: { granted: true, useCase: 'customer-care' } },
  'session.admitted': {
    session: 's-1',
    person: 'anna',
    device: 'd-1',
    correlation: 'req-1',
    detail: {
      jkt: 'thumbprint',
      agent: agent(),
      posture: posture(),
      useCase: 'customer-care',
      accounts: 3,
      accountsDigest: 'digest',
      endsAt: 1_790_003_600_000,
    },
  },
  'session.renewed': { session: 's-1', person: 'anna', device: 'd-1', correlation: 'req-1' },
  'session.refused': { session: 's-1', person: 'anna', device: 'd-1', correlation: 'req-1', detail: { jkt: 'thumbprint' } },
  'session.revoked': { session: 's-1', person: 'anna', device: 'd-1', correlation: 'req-1', detail: { by: 'd-1', why: 'given up by the connector' } },
  'ask.answered': {
    ...asking(),
    digest: 'x'.repeat(43),
    detail: {
      asked: { shipmentId: `shp_${'h'.repeat(56)}`, status: 'in_transit', since: '2026-09-01' },
      concerns: ['a-0123456789abcdef', 'a-fedcba9876543210'],
      rows: 12,
      clear: ['status', 'eta', 'carrier', 'serviceLevel', 'weightKg', 'pieces', 'origin', 'destination'],
      token: ['shipmentId', 'orderId', 'customerId', 'consigneeName'],
      partial: ['postcode'],
      redact: ['price', 'freightCost', 'phone'],
      rule: 'customer-care-reads-shipments',
      policy: '3a0fc6e1b2d49c77',
      subjects: 12,
      prices: 0,
    },
  },
  'ask.refused': {
    ...asking(),
    detail: {
      asked: { shipmentId: `shp_${'h'.repeat(56)}` },
      rule: 'no-prices-for-agents',
      owner: 'Head of pricing',
      reason: 'agents do not see what a customer pays',
    },
  },
  'sources.capped': { detail: { counts: { '10.0.0.7': 411, '2001:db8::9': 1 } } },
  'change.proposed': { ...asking(), digest: 'x'.repeat(43), detail: { ...change(), asked: { shipmentId: 'shp_1', reason: '…' }, rule: 'care-proposes' } },
  'change.decided': {
    session: 's-1',
    person: 'erik',
    correlation: 'req-1',
    operation: 'proposeStatusChange',
    digest: 'x'.repeat(43),
    detail: { change: 'chg-1', version: 1, decision: 'approve', reason: 'rsn_sealed', proposer: 'anna', signature: 'signature' },
  },
  'change.applying': applying({}),
  'change.applied': applying({}),
  'change.stale': applying({ why: 'the record was changed after it was read' }),
  'change.failed': applying({ why: 'the record is gone' }),
  'change.unknown_outcome': applying({ why: 'the source could not be read back' }),
  'change.voided': applying({ why: 'the session was revoked' }),
  'change.refused': { person: 'anna', correlation: 'req-1', detail: { change: 'chg-1' } },
  'draft.prepared': { ...asking(), digest: 'x'.repeat(43), detail: { draft: 'drf-1', asked: { orderId: 'ord_1', body: '…' }, rule: 'care-drafts' } },
  'draft.shown': {
    session: 's-1',
    person: 'anna',
    correlation: 'req-1',
    operation: 'prepareReturnLabel',
    detail: { draft: 'drf-1', fields: ['consigneeName', 'street', 'postcode'] },
  },
  'draft.refused': { person: 'anna', correlation: 'req-1', detail: { draft: 'drf-1' } },
  'access.requested': {
    person: 'anna',
    correlation: 'req-2',
    operation: 'getShipmentSummary',
    detail: { about: 'req-1', rule: 'no-prices-for-agents', owner: 'Head of pricing' },
  },
  'access.answered': {
    person: 'erik',
    correlation: 'req-3',
    operation: 'getShipmentSummary',
    detail: { about: 'req-1', rule: 'no-prices-for-agents', asker: 'anna' },
  },
  'finding.witness_refused': { detail: { witness: 'witness.example/w1', size: 812, said: 'it says that the tree of 812 entries did not grow (422)' } },
  'finding.authority_mismatch': {
    person: 'anna',
    session: 's-1',
    device: 'd-1',
    detail: { what: 'a row that grants what the journal does not', subject: 'device', index: 7 },
  },
  'console.refused': { person: 'anna', correlation: 'req-1', detail: { call: 'decideChange' } },
}

function agent() {
  return { name: 'Claude Desktop', version: '1.4.2', assurance: 'declared' }
}

function posture() {
  return { assurance: 'self', platform: 'darwin', osVersion: 'macOS 26.1', diskEncrypted: true, firewallOn: false }
}

function asking() {
  return {
    session: 's-0123456789abcdef',
    person: 'anna.berg',
    device: 'd-0123456789abcdef',
    correlation: 'req-0123456789abcdef',
    operation: 'listShipmentEvents',
  }
}

function change() {
  return {
    change: 'chg-1',
    version: 1,
    before: { status: 'in_transit' },
    after: { status: 'delivered' },
    fields: ['status'],
    concerns: ['a-0123456789abcdef'],
  }
}

function applying(more: { readonly why?: string }) {
  return { session: 's-1', person: 'anna', operation: 'proposeStatusChange', digest: 'x'.repeat(43), detail: { ...change(), ...more } }
}
