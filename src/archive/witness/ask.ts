import { formatAddCheckpoint } from './request.ts'

/** What a witness answered over HTTP, whoever it is: nothing of it is verified. */
export type WitnessReply =
  | { readonly said: 'cosigned'; readonly lines: string }
  /** That the last checkpoint it cosigned is of this size. */
  | { readonly said: 'conflict'; readonly size: number }
  | { readonly said: 'refused'; readonly status: number }
  | { readonly said: 'nothing'; readonly why: string }

export type WitnessAsked = { readonly oldSize: number; readonly proof: readonly Uint8Array[]; readonly note: string }

/** Sends one request to a witness. Never rejects, and takes no longer than `withinMs`. A port: `postToWitness` keeps it. */
export type AskWitness = (url: string, asked: WitnessAsked, withinMs: number) => Promise<WitnessReply>

/** A cosignature line of each of a witness's keys; no honest answer is larger. */
const REPLY_BYTES_MAX = 16 * 1024

/** By `POST <url>/add-checkpoint`. No redirect is followed: the policy names where the witness is. */
export const postToWitness: AskWitness = async (url, asked, withinMs) => {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: formatAddCheckpoint(asked),
      redirect: 'error',
      signal: AbortSignal.timeout(withinMs),
    })
    const text = await textOf(response)
    if (text === null) return { said: 'nothing', why: 'its answer is far too long' }
    return replyOf(response.status, response.headers.get('content-type'), text)
  } catch (cause) {
    return { said: 'nothing', why: reasonOf(cause, withinMs) }
  }
}

function replyOf(status: number, mediaType: string | null, text: string): WitnessReply {
  if (status === 200) return { said: 'cosigned', lines: text }
  const size = mediaType === 'text/x.tlog.size' ? /^(0|[1-9][0-9]{0,15})\n$/.exec(text)?.[1] : undefined
  if (status === 409 && size !== undefined && Number.isSafeInteger(Number(size))) return { said: 'conflict', size: Number(size) }
  if ([400, 403, 404, 409, 422].includes(status)) return { said: 'refused', status }
  return { said: 'nothing', why: `it answers ${status}` }
}

async function textOf({ body }: Response): Promise<string | null> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > REPLY_BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function reasonOf(cause: unknown, withinMs: number): string {
  if (cause instanceof DOMException && cause.name === 'TimeoutError') return `it did not answer within ${withinMs / 1000} s`
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return `it cannot be reached (${inner instanceof Error ? ('code' in inner ? String(inner.code) : inner.message) : 'no answer'})`
}
