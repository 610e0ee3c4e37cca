import type { Argument, Catalogue, Operation } from '../catalogue/pack.ts'
import { FIELD_CLASSES } from '../model/field-class.ts'
import { COVER_ACTIONS } from './vocabulary.ts'

/**
 * The Cedar schema of a catalogue: one action per operation, in the group of its kind, with its arguments typed. Without a
 * schema `action in Action::"propose"` never matches and a forbid on it silently does nothing, so policies are always
 * validated and requests always checked against this.
 */
export function cedarSchema(catalogue: Catalogue): string {
  const operations = Object.values(catalogue.operations)
  return `namespace Gatehouse {
  entity Group;
  entity Person in [Group];
  entity UseCase;
  entity System;
  entity FieldClass enum [${FIELD_CLASSES.map(quote).join(', ')}];
  entity Resource in [System];
  entity Field in [Resource, FieldClass] = { resource: String, name: String };
  entity Session = {
    person: Person,
    useCase: UseCase,
    accounts: Set<String>,
    device: String,
    agent: { name: String, version: String, assurance: String },
    posture: { assurance: String, platform: String, osVersion: String, diskEncrypted: Bool, firewallOn: Bool },
  };
  action read, propose, draft;
${operations.map(actionOf).join('\n')}
  action ${COVER_ACTIONS.join(', ')} appliesTo { principal: [Session], resource: [Field], context: { operation: String } };
}
`
}

const actionOf = (operation: Operation): string =>
  `  action ${quote(operation.name)} in [${operation.kind}] appliesTo { principal: [Session], resource: [Resource], context: { input: { ${operation.args.map(argumentOf).join(', ')} }, limit: Long, hour: Long, weekday: Long } };`

const argumentOf = (arg: Argument): string => `${quote(arg.name)}${arg.required ? '' : '?'}: ${arg.type === 'integer' ? 'Long' : 'String'}`

/** A Cedar string literal. Names come from checked packs; quotes and backslashes are refused there. */
const quote = (text: string): string => JSON.stringify(text)
