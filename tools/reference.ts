/**
 * Writes docs/reference from what stands: operations, refusals, kinds of entry, commands. With `--check` it writes nothing and
 * fails when a page is not what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { openapi } from '../src/api/openapi.ts'
import { loadPack } from '../src/bin/parts/pack.ts'
import { programFor } from '../src/bin/program.ts'
import { offered } from '../src/catalogue/offer.ts'
import type { Operation } from '../src/catalogue/pack.ts'
import { CLASSES } from '../src/events/form.ts'
import { FORMS } from '../src/events/forms.ts'
import { ENTRY_KINDS } from '../src/journal/entry.ts'
import { nextStepOf, REFUSAL_CODES, statusOf, titleOf } from '../src/model/refusal.ts'

const FOLDER = 'docs/reference'
const HEAD = '<!-- Written by `node tools/reference.ts` from the code; do not edit. -->\n'

const pages: Readonly<Record<string, () => string | Promise<string>>> = {
  'operations.md': operations,
  'refusals.md': refusals,
  'entries.md': entries,
  'commands.md': commands,
  'openapi.json': openapiOfPilot,
}

function operations(): string {
  const { catalogue, bundle } = loadPack({ catalogue: 'catalogue', policies: 'policies', useCases: 'policies/usecases.yaml' })
  const rules = Object.values(bundle.rules).map(({ id, owner, reason }) => `| \`${id}\` | ${owner} | ${reason} |`)
  return `# Operations and policies of the pilot\n\n${Object.values(catalogue.operations).map(operation).join('\n')}\n## Policies\n\n| rule | owner | reason |\n|---|---|---|\n${rules.join('\n')}\n`
}

/** The description an enrolled device reads at /openapi.json, of the pilot's catalogue. */
function openapiOfPilot(): string {
  const { catalogue } = loadPack({ catalogue: 'catalogue', policies: 'policies', useCases: 'policies/usecases.yaml' })
  return `${JSON.stringify(openapi(Object.values(catalogue.operations).map(offered), 'http://127.0.0.1:7300'), null, 2)}\n`
}

function operation(one: Operation): string {
  const args = one.args.map(({ name, type, required, describe }) => `| \`${name}\` | ${type} | ${required ? 'yes' : 'no'} | ${describe} |`)
  const fields = one.returns.map((name) => `\`${name}\` (${one.resource.fields[name]?.class})`)
  return `## ${one.name}\n\n${one.describe}\n\n${one.kind}, ${one.cardinality === 'one' ? 'one record' : `at most ${one.rowsMax} rows`}; ${one.rate.perMinute} a minute, ${one.rate.burst} at once.\n\n| argument | type | required | |\n|---|---|---|---|\n${args.join('\n')}\n\n${one.kind === 'draft' ? 'Shown to the person' : 'Fields'}: ${fields.join(', ')}\n`
}

function refusals(): string {
  const rows = REFUSAL_CODES.map((code) => `| \`${code}\` | ${statusOf(code)} | ${titleOf(code)} | ${nextStepOf(code)} |`)
  return `# Refusals\n\nEach is a problem (RFC 9457) of type \`urn:gatehouse:refusal:CODE\` with \`detail\`, \`correlationId\` and \`next\`; where a rule refused, \`rule\` names its id, owner and reason. Codes are stable.\n\n| code | status | title | next |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function entries(): string {
  const rows = ENTRY_KINDS.map((kind) => {
    const { class: uid, activity, fields, detail = {} } = FORMS[kind]
    const standing = [...Object.entries(fields), ...Object.entries(detail)].map(([name, { path }]) => `${name} → \`${path}\``)
    return `| \`${kind}\` | ${CLASSES[uid]} (${uid}) | ${activity} | ${standing.join(', ')} |`
  })
  return `# Kinds of journal entry\n\nA kind is never renamed or removed, and its form never changes. Each is an OCSF 1.8.0 event in RFC 8785 spelling: the kind is \`metadata.event_code\`, the correlation id \`metadata.correlation_uid\`, the process that recorded it \`metadata.log_source\`, the code of a refusal \`status_code\`. What has no place below stands under \`unmapped\`.\n\n| kind | OCSF class | activity | what stands where |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

/** Of every command and what is below it, what `--help` prints where nobody looks. */
async function commands(): Promise<string> {
  const all = withSubcommands(await programFor())
  return `# Commands\n\n${all.map(({ name, command }) => `## ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`).join('\n')}`
}

type Named = { readonly name: string; readonly command: Command }

const withSubcommands = (command: Command, above = ''): readonly Named[] => {
  const name = `${above}${command.name()}`
  return [{ name, command }, ...command.commands.flatMap((one) => withSubcommands(one, `${name} `))]
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => void (text += part), getOutHelpWidth: () => 80, getOutHasColors: () => false })
  command.outputHelp()
  return text.trimEnd()
}

const check = process.argv.includes('--check')
let stale = 0
for (const [name, make] of Object.entries(pages)) {
  const file = join(FOLDER, name)
  const text = (name.endsWith('.md') ? HEAD : '') + (await make())
  if (!check) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) {
    stale++
    process.stderr.write(`${file} is not what the code says: run \`node tools/reference.ts\`\n`)
  }
}
process.stdout.write(`reference: ${Object.keys(pages).length} files\n`)
if (stale > 0) process.exitCode = 1
