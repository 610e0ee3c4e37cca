import { CHECKPOINT } from './objects.ts'

/** The media type of an object (C2SP tlog-tiles): notes are text, everything else is bytes. */
export const mediaTypeOf = (path: string): string =>
  path === CHECKPOINT || path.startsWith('checkpoints/') ? 'text/plain; charset=utf-8' : 'application/octet-stream'

/** How long an object may be kept by whoever fetched it: the checkpoint not at all, the rest for good. Never `public`: a journal wants a token. */
export const cacheControlOf = (path: string): string => (path === CHECKPOINT ? 'no-cache' : 'max-age=31536000, immutable')
