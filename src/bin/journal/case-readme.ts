/** What the journal says of the export: who (a pseudonym) and why (sealed in the vault); the case and its manifest alone; or nothing. */
export type CustodyKind = 'sealed' | 'bare' | 'none'

/** What a recipient needs to know of an exported case, and no more. */
export type CaseFacts = {
  readonly name: string
  readonly reason: string
  readonly by: string
  readonly at: string
  readonly log: string
  readonly keyId: string
  readonly entries: number
  readonly example: number | null
  readonly hasPolicy: boolean
  readonly custody: CustodyKind
}

/** The text that goes with a case: what it is, how to check it without us, and what it does not show. */
export function caseReadme({ name, reason, by, at, log, keyId, entries, example, hasPolicy, custody }: CaseFacts): string {
  const file = example ?? 0
  return `# Case ${name}

${entries} entries of the journal \`${log}\`, exported ${at} by ${by}: ${reason}

| file | what it is |
|---|---|
| \`case.json\` | what was asked for, by whom, when |
| \`index.jsonl\` | a line for each entry: index, leaf hash, its files |
| \`entries/N.json\` | entry N, byte for byte as the log holds it: an OCSF event in the one spelling of RFC 8785 |
| \`proofs/N.tlog-proof\` | that entry N is in the log (C2SP tlog-proof): the way to the root, and the signed checkpoint |
| \`checkpoints/S\` | each checkpoint of size S that a proof leads to (C2SP tlog-checkpoint), with its cosignatures |
| \`log.vkey\` | the log's verifier key (C2SP signed-note), id ${keyId} |
| \`policy\` | the C2SP tlog-policy that the proofs were held to${hasPolicy ? '' : ': the log alone, no witness'} |
| \`manifest.sha256\` | SHA-256 of every file above |
${custody === 'none' ? '' : CUSTODY_FILES}
## Check it

1. \`sha256sum --check manifest.sha256\`: the folder is as it was written.
2. Compare \`log.vkey\` and \`policy\` with the key and the policy as you got them from elsewhere: the company's auditor, the witnesses, an earlier case. A key
   or a policy that comes with the evidence proves nothing: its writer may have named a log and witnesses of his own.
3. Each entry, offline, by the key from elsewhere (a receipt of any other log is refused) and a policy that is the one from elsewhere:

\`\`\`
gatehouse receipt verify proofs/${file}.tlog-proof --key FILE-FROM-ELSEWHERE --policy policy --entry entries/${file}.json
\`\`\`

or with any verifier of C2SP tlog-proof. The leaf hash of an entry is SHA-256 of a zero byte and the file's bytes (RFC 6962).
${custody === 'none' ? '' : CUSTODY_CHECK}
## What it shows, and what not

It shows that each of these entries stands in the log at its index, unaltered since the log's key signed over it${hasPolicy ? ' and the witnesses saw it' : ''}. It does not show that these are all
entries there are: for that, verify the whole journal (\`gatehouse journal verify\`) and repeat the search in \`case.json\`. Entries hold identifiers, tokens
and keyed digests, no personal value in clear; what lies in the payload vault is not in this folder.

${TOLD[custody]}
`
}

const CUSTODY_FILES = `| \`custody.json\` | which entry of the journal tells of this export, and the digest of the manifest that it names |
| \`custody-entry.json\` | that entry, byte for byte |
| \`custody.tlog-proof\` | that it is in the log, like the others; where it is not there, \`custody.json\` says how to get it |
`

const CUSTODY_CHECK = `
4. The entry that tells of this export likewise. The digest that it names is that of the manifest:

\`\`\`
gatehouse receipt verify custody.tlog-proof --key FILE-FROM-ELSEWHERE --policy policy --entry custody-entry.json
grep "$(sha256sum manifest.sha256 | cut -c 1-64)" custody-entry.json
\`\`\`
`

const RECORDED =
  'That these entries were exported is itself an entry of the journal, recorded before this folder was handed out. It names the manifest by its digest'

const TOLD: Readonly<Record<CustodyKind, string>> = {
  sealed: `${RECORDED},
who exported by pseudonym, and why in the payload vault, sealed. Both stand in clear in \`case.json\`, which the manifest covers.`,
  bare: `${RECORDED}
and the case, not who exported and why: these stand in \`case.json\`, which the manifest covers.`,
  none: 'NO ENTRY OF THE JOURNAL tells of this export: whoever made it chose so, by `--no-custody-entry`.',
}
