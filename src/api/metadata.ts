import type { FastifyInstance } from 'fastify'
import { DEVICE_CODE_GRANT } from '../contract/connector.ts'
import { type Refusal, titleOf } from '../model/refusal.ts'

/** Where an MCP client starts when it was turned away (RFC 9728), for the house and, path-inserted (§3.1), for its MCP endpoint. */
const RESOURCE_METADATA = '/.well-known/oauth-protected-resource'
/** Paths that are resources of their own, beside the house as a whole. */
const RESOURCES = ['', '/mcp'] as const

/** Serves the metadata of resource and authorization server. Nothing in it is secret, and no proof is wanted. */
export function metadataRoutes(app: FastifyInstance, { publicUrl }: { readonly publicUrl: string }): void {
  for (const path of RESOURCES) app.get(`${RESOURCE_METADATA}${path}`, async () => protectedResource(publicUrl, path))
  app.get('/.well-known/oauth-authorization-server', async () => authorizationServer(publicUrl))
}

/** RFC 9728 §2. `resource` is exactly what a client asked for, or it must not use this. */
const protectedResource = (publicUrl: string, path: string) => ({
  resource: `${publicUrl}${path}`,
  resource_name: 'Gatehouse',
  authorization_servers: [publicUrl],
  bearer_methods_supported: ['header'],
  dpop_signing_alg_values_supported: ['ES256'],
  dpop_bound_access_tokens_required: true,
})

/** RFC 8414 §2, with RFC 8628 §4 and RFC 9449 §5.1. There is no authorization endpoint: a person decides at the console, on a device that is enrolled. */
const authorizationServer = (publicUrl: string) => ({
  issuer: publicUrl,
  device_authorization_endpoint: `${publicUrl}/oauth/device_authorization`,
  token_endpoint: `${publicUrl}/oauth/token`,
  revocation_endpoint: `${publicUrl}/oauth/revoke`,
  response_types_supported: ['none'],
  grant_types_supported: [DEVICE_CODE_GRANT, 'refresh_token'],
  token_endpoint_auth_methods_supported: ['none'],
  revocation_endpoint_auth_methods_supported: ['none'],
  dpop_signing_alg_values_supported: ['ES256'],
})

/**
 * The challenge beside a 401 (RFC 9449 §7.1, RFC 9728 §5.1). Without a token there is no `error` (RFC 6750 §3.1): nothing was wrong yet.
 * `path`: the resource that was asked, when it is one of its own.
 */
export function wwwAuthenticate(refusal: Refusal, publicUrl: string, path: (typeof RESOURCES)[number] = ''): string {
  const error = errorOf(refusal)
  const said = error === null ? [] : [`error="${error}"`, `error_description="${titleOf(refusal.code)}"`]
  return `DPoP ${[...said, 'algs="ES256"', `resource_metadata="${publicUrl}${RESOURCE_METADATA}${path}"`].join(', ')}`
}

function errorOf({ code }: Refusal): string | null {
  if (code === 'token_missing') return null
  if (code === 'proof_nonce_required') return 'use_dpop_nonce'
  return code.startsWith('proof_') ? 'invalid_dpop_proof' : 'invalid_token'
}
