import { type CallToolResult, createMcpHandler, Server } from '@modelcontextprotocol/server'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { directAnswer, directCall } from './mcp-direct.ts'

const INFO = { name: 'gatehouse', title: 'Gatehouse', version: '0.1.0' }
const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
const CLIENT_KEY = 'io.modelcontextprotocol/clientInfo'
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: unknown }
type Heard = { readonly name: string; readonly arguments: unknown }

/** The official SDK serving the same tool calls, with what it handed to the tool. */
async function bySdk(
  { headers, body }: Sent,
  result: CallToolResult,
): Promise<{ readonly status: number; readonly type: string | null; readonly text: string; readonly heard: Heard | null }> {
  let heard: Heard | null = null
  const handler = createMcpHandler(() => {
    const server = new Server(INFO, { capabilities: { tools: {} }, instructions: 'none' })
    server.setRequestHandler('tools/call', ({ params }) => {
      heard = { name: params.name, arguments: params.arguments ?? {} }
      return result
    })
    return server
  })
  const response = await handler.fetch(new Request('http://gate/mcp', { method: 'POST', headers, body: JSON.stringify(body) }), { parsedBody: body })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text(), heard }
}

const META = { [VERSION_KEY]: '2026-07-28', [CLIENT_KEY]: { name: 'a client', version: '1.0.0' }, [CAPABILITIES_KEY]: {} }
const HEADERS = { 'content-type': 'application/json', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'getShipmentSummary' }
const PARAMS = { name: 'getShipmentSummary', arguments: { shipmentId: 'S-1' }, _meta: META }
const BODY = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: PARAMS }
const RESULT: CallToolResult = {
  content: [{ type: 'text', text: '{"rows":[{"name":"cus_1 “é” 𝄞"}]}' }],
  structuredContent: { rows: [{ name: 'cus_1 “é” 𝄞', none: null, n: 1.5 }], covered: {}, entry: { index: 3, digest: 'd', leaf: 'l' } },
}
const REFUSED: CallToolResult = { content: [{ type: 'text', text: 'Refused: no such record.' }], isError: true }

const call = ({ headers, body }: Sent) => directCall('POST', headers, body)
const meta = (more: object) => ({ ...BODY, params: { ...PARAMS, _meta: { ...META, ...more } } })
const params = (more: object) => ({ ...BODY, params: { ...PARAMS, ...more } })

const PLAIN: readonly (readonly [string, Sent])[] = [
  ['as the official client sends it', { headers: HEADERS, body: BODY }],
  ['with an id that is text', { headers: HEADERS, body: { ...BODY, id: 'q-1 “é” \u2028' } }],
  ['with id 0', { headers: HEADERS, body: { ...BODY, id: 0 } }],
  ['with the largest safe id', { headers: HEADERS, body: { ...BODY, id: Number.MAX_SAFE_INTEGER } }],
  ['without arguments', { headers: HEADERS, body: { ...BODY, params: { name: PARAMS.name, _meta: META } } }],
  ['with deep arguments', { headers: HEADERS, body: params({ arguments: { a: { b: [1, null, { c: 'd' }] } } }) }],
  [
    'without a word on the client',
    { headers: HEADERS, body: { ...BODY, params: { ...PARAMS, _meta: { [VERSION_KEY]: '2026-07-28', [CAPABILITIES_KEY]: {} } } } },
  ],
  [
    'with the known capabilities',
    { headers: HEADERS, body: meta({ [CAPABILITIES_KEY]: { roots: { listChanged: true }, sampling: { tools: {} }, elicitation: { form: {}, url: {} } } }) },
  ],
  ['with a charset', { headers: { ...HEADERS, 'content-type': 'application/json; charset=utf-8' }, body: BODY }],
]

const UNUSUAL: readonly (readonly [string, Sent])[] = [
  ['another content type', { headers: { ...HEADERS, 'content-type': 'text/plain' }, body: BODY }],
  ['another parameter of the content type', { headers: { ...HEADERS, 'content-type': 'application/json; charset=latin1' }, body: BODY }],
  ['a batch', { headers: HEADERS, body: [BODY] }],
  ['no body', { headers: HEADERS, body: undefined }],
  ['another version of JSON-RPC', { headers: HEADERS, body: { ...BODY, jsonrpc: '1.0' } }],
  ['no id', { headers: HEADERS, body: { ...BODY, id: undefined } }],
  ['a null id', { headers: HEADERS, body: { ...BODY, id: null } }],
  ['an id that is no whole number', { headers: HEADERS, body: { ...BODY, id: 1.5 } }],
  ['an id beyond the safe integers', { headers: HEADERS, body: { ...BODY, id: Number.MAX_SAFE_INTEGER + 1 } }],
  ['another method', { headers: HEADERS, body: { ...BODY, method: 'tools/list' } }],
  ['a member more in the message', { headers: HEADERS, body: { ...BODY, extra: 1 } }],
  ['a member more in the params', { headers: HEADERS, body: params({ requestState: 's' }) }],
  ['answers to questions', { headers: HEADERS, body: params({ inputResponses: {} }) }],
  ['arguments that are no object', { headers: HEADERS, body: params({ arguments: ['S-1'] }) }],
  ['a name that is no name', { headers: { ...HEADERS, 'mcp-name': 'a b' }, body: params({ name: 'a b' }) }],
  ['a name that is not text', { headers: HEADERS, body: params({ name: 1 }) }],
  ['no meta', { headers: HEADERS, body: params({ _meta: undefined }) }],
  ['a wish for progress', { headers: HEADERS, body: meta({ progressToken: 1 }) }],
  ['a wish for logs', { headers: HEADERS, body: meta({ 'io.modelcontextprotocol/logLevel': 'debug' }) }],
  ['a foreign key in the meta', { headers: HEADERS, body: meta({ traceparent: '00-1-2-01' }) }],
  ['no capabilities', { headers: HEADERS, body: meta({ [CAPABILITIES_KEY]: undefined }) }],
  ['an unknown capability', { headers: HEADERS, body: meta({ [CAPABILITIES_KEY]: { dreaming: {} } }) }],
  ['a client without a version', { headers: HEADERS, body: meta({ [CLIENT_KEY]: { name: 'x' } }) }],
  ['the other era in the body', { headers: HEADERS, body: meta({ [VERSION_KEY]: '2025-11-25' }) }],
  ['the other era in the header', { headers: { ...HEADERS, 'mcp-protocol-version': '2025-11-25' }, body: BODY }],
  ['a later era', { headers: { ...HEADERS, 'mcp-protocol-version': '2027-01-01' }, body: meta({ [VERSION_KEY]: '2027-01-01' }) }],
  ['a header that names another method', { headers: { ...HEADERS, 'mcp-method': 'tools/list' }, body: BODY }],
  ['a header that names another tool', { headers: { ...HEADERS, 'mcp-name': 'listExceptions' }, body: BODY }],
  ['the name in Base64', { headers: { ...HEADERS, 'mcp-name': `=?base64?${Buffer.from('getShipmentSummary').toString('base64')}?=` }, body: BODY }],
  ['an argument in a header', { headers: { ...HEADERS, 'mcp-param-shipmentid': 'S-2' }, body: BODY }],
  ['a session of the other era', { headers: { ...HEADERS, 'mcp-session-id': 's' }, body: BODY }],
  ...['mcp-protocol-version', 'mcp-method', 'mcp-name', 'content-type'].map(
    (name) => [`no ${name}`, { headers: Object.fromEntries(Object.entries(HEADERS).filter(([header]) => header !== name)), body: BODY }] as const,
  ),
]

describe('the direct way of a tool call', () => {
  it.each(PLAIN)('is taken by a call %s, and says what the SDK says', async (_, sent) => {
    const direct = call(sent)
    if (direct === null) throw new Error('not recognised')
    for (const result of [RESULT, REFUSED]) {
      const sdk = await bySdk(sent, result)
      expect({ status: sdk.status, type: sdk.type }).toEqual({ status: 200, type: 'application/json' })
      expect(sdk.heard).toEqual({ name: direct.name, arguments: direct.arguments })
      expect(directAnswer(direct.id, result, INFO)).toBe(sdk.text)
    }
  })

  it.each(UNUSUAL)('is left to the SDK when there is %s', (_, sent) => {
    expect(call(sent)).toBeNull()
  })

  it.each(['GET', 'DELETE', 'PUT', 'post'])('is for POST, not for %s', (method) => {
    expect(directCall(method, HEADERS, BODY)).toBeNull()
  })

  it('never takes a message the SDK would answer otherwise', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(altered, async (sent) => {
        const direct = call(sent)
        if (direct === null) return
        taken++
        const sdk = await bySdk(sent, RESULT)
        expect({ status: sdk.status, text: sdk.text, heard: sdk.heard }).toEqual({
          status: 200,
          text: directAnswer(direct.id, RESULT, INFO),
          heard: { name: direct.name, arguments: direct.arguments },
        })
      }),
      { numRuns: 1500 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})

/** A plain message with up to three of its parts put to another value, taken away, or added to. */
const altered: fc.Arbitrary<Sent> = fc
  .array(
    fc.record({
      path: fc.constantFrom<readonly string[]>(
        ['body', 'id'],
        ['body', 'jsonrpc'],
        ['body', 'method'],
        ['body', 'extra'],
        ['body', 'params'],
        ['body', 'params', 'name'],
        ['body', 'params', 'arguments'],
        ['body', 'params', 'arguments', 'shipmentId'],
        ['body', 'params', 'requestState'],
        ['body', 'params', '_meta', VERSION_KEY],
        ['body', 'params', '_meta', CLIENT_KEY],
        ['body', 'params', '_meta', CLIENT_KEY, 'title'],
        ['body', 'params', '_meta', CAPABILITIES_KEY],
        ['body', 'params', '_meta', CAPABILITIES_KEY, 'roots'],
        ['body', 'params', '_meta', CAPABILITIES_KEY, 'elicitation'],
        ['body', 'params', '_meta', CAPABILITIES_KEY, 'sampling'],
        ['body', 'params', '_meta', 'progressToken'],
        ['headers', 'mcp-name'],
        ['headers', 'mcp-method'],
        ['headers', 'mcp-protocol-version'],
        ['headers', 'content-type'],
        ['headers', 'accept'],
      ),
      value: fc.oneof(
        fc.constantFrom<unknown>('', 'x', 'tools/call', 'tools/list', '2.0', '2026-07-28', '2025-11-25', 'getShipmentSummary', 'application/json', 'text/html'),
        fc.constantFrom<unknown>(null, undefined, true, 0, -1, 1.5, 2 ** 53, [], {}, { form: {} }, { listChanged: true }, { name: 'n', version: 'v' }),
        fc.string(),
        fc.jsonValue(),
      ),
    }),
    { maxLength: 3 },
  )
  .map((changes) => changes.reduce<Sent>((sent, { path, value }) => put(sent, path, value) as Sent, { headers: HEADERS, body: BODY }))

/** A header is text of visible characters, as HTTP would let it through. */
function put(into: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value
  const held = typeof into === 'object' && into !== null && !Array.isArray(into) ? (into as Readonly<Record<string, unknown>>) : {}
  if (first === 'headers') return { ...held, headers: put(held['headers'], rest, typeof value === 'string' ? value.replace(/[^!-~]/g, '') : 'x') }
  const next = put(held[first], rest, value)
  return { ...held, [first]: next }
}
