import { join } from 'node:path'

/**
 * How to call this very program from any folder, for people to paste: this Node and this file. Never a bare `gatehouse` or `npx gatehouse`,
 * which on another computer would fetch whatever somebody published under that name.
 */
export const ourselves = (): string => [process.execPath, join(import.meta.dirname, 'gatehouse.ts')].map(quoted).join(' ')

const quoted = (path: string): string => (/^[\w./:\\@+-]+$/.test(path) ? path : `"${path}"`)
