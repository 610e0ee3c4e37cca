/**
 * The house plan, one line a room. `may import`: rooms whose values and types it may use. `types of`: rooms of which it may
 * use types alone: it implements their ports, or carries the value the stage before it minted. `words` and `mind` stand for the rooms of those groups. Every room may
 * import itself. A pure room has no clock, no randomness and no I/O: those come in as arguments.
 */
const TABLE = `
group      room        kind  may import                                                types of                                                    purpose
words      base        pure  -                                                         -                                                           brand, outcome, bytes, canonical JSON, digest, ids
words      model       pure  base                                                      -                                                           nouns all share
words      log         pure  base                                                      -                                                           leaf, tree, proof, note, checkpoint
words      events      pure  base model                                                journal                                                     the OCSF event of each entry, both directions
words      proof       -     base model                                                -                                                           DPoP and other proofs, both directions
words      contract    pure  base model                                                -                                                           schemas of console and connector calls
mind       catalogue   pure  base model                                                -                                                           packs of resources and operations, parsed and checked
mind       policy      pure  base model catalogue                                      identity                                                    Cedar: compile, authorise, explain
mind       detect      pure  base model                                                -                                                           detectors, matching of released values
mind       mask        pure  base model detect catalogue                               policy connectors                                           project, cover, tokens
mind       limits      pure  base model catalogue                                      policy mask                                                 budgets as algebra
mind       changes     pure  base model                                                -                                                           the change request: (state, event) -> (state, effects)
hands      identity    -     base model proof                                          -                                                           sessions, tokens, enrolment, revocation
hands      journal     -     base model log events                                     -                                                           append, recover, verify
hands      archive     -     base log journal                                          -                                                           tiles, bucket, WORM, witness
hands      connectors  -     base model catalogue                                      limits                                                      the contract of a source, and each protocol
hands      synth       -     base model catalogue mask                                 -                                                           synthetic rows, file formats
hands      notify      -     base model                                                -                                                           mail, webhooks
hands      store       -     base model                                                words identity journal archive changes limits gate desk connectors  the only room with SQL to our own database
gate       gate        -     words mind identity journal connectors                    -                                                           mediate, admit, propose, approve, apply, offer
followers  watch       -     base model events                                         -                                                           findings, reviews
followers  sinks       -     base model events                                         -                                                           SIEM
followers  govern      -     base model events catalogue policy journal changes watch  -                                                           replay, certify, evidence
doors      api         -     words catalogue identity gate                             limits                                                      agents only: MCP, REST, OAuth
doors      desk        -     words catalogue policy gate changes journal watch govern  -                                                           the console's server
doors      console     web   base model log contract                                   -                                                           the web page: no Node
doors      egress      -     base model policy detect events                           -                                                           forward proxy
doors      endpoint    -     base model proof contract events                          -                                                           connector, sandbox, posture: ships to desktops
doors      config      -     base model                                                -                                                           files and environment -> one frozen Config
roots      bin         -     words mind hands gate followers doors                     -                                                           composition roots, one per process; nobody imports it
`

export type Room = {
  readonly name: string
  readonly kind: 'pure' | 'web' | 'worldly'
  /** Rooms whose values and types it may import. */
  readonly values: ReadonlySet<string>
  /** Rooms of which it may import types: `values` and more. */
  readonly types: ReadonlySet<string>
}
export type Plan = ReadonlyMap<string, Room>

/** Reads a table like the one above: columns are parted by two spaces or more. A name that is neither room nor group is thrown. */
export function parsePlan(table: string): Plan {
  const lines = table.trim().split('\n').slice(1)
  const cells = lines.map((line) => line.split(/ {2,}/))
  const groups = Map.groupBy(cells, ([group]) => group ?? '')
  const rooms = new Set(cells.map(([, name]) => name ?? ''))
  const expand = (words: string): readonly string[] =>
    words === '-'
      ? []
      : words.split(' ').flatMap((word) => {
          if (rooms.has(word)) return [word]
          const members = groups.get(word)?.map(([, name]) => name ?? '')
          if (members === undefined) throw new Error(`the plan names \`${word}\`, which is no room`)
          return members
        })
  return new Map(
    cells.map(([, name = '', kind, values = '-', types = '-', purpose]): [string, Room] => {
      if (purpose === undefined) throw new Error(`the plan's line of \`${name}\` has not six columns`)
      const used = expand(values)
      return [name, { name, kind: kind === 'pure' || kind === 'web' ? kind : 'worldly', values: new Set(used), types: new Set([...used, ...expand(types)]) }]
    }),
  )
}

export const PLAN: Plan = parsePlan(TABLE)
