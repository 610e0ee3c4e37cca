import type { FastifyReply, FastifyRequest } from 'fastify'

/** The one cookie: out of scripts' reach, never sent on another site's request, and bound to this very host when there is TLS (RFC 6265bis §4.1.3). */
const nameFor = (origin: string): string => (isTls(origin) ? '__Host-gatehouse-desk' : 'gatehouse-desk')
const isTls = (origin: string): boolean => origin.startsWith('https:')
const attributes = (origin: string) => ({ httpOnly: true, sameSite: 'strict', secure: isTls(origin), path: '/' }) as const

export const cookieOf = (request: FastifyRequest, origin: string): string | null => request.cookies[nameFor(origin)] ?? null

export function setCookie(reply: FastifyReply, origin: string, value: string, maxAgeSeconds: number): void {
  reply.setCookie(nameFor(origin), value, { ...attributes(origin), maxAge: maxAgeSeconds })
}

export function clearCookie(reply: FastifyReply, origin: string): void {
  reply.clearCookie(nameFor(origin), attributes(origin))
}
