import { z } from 'zod'

/** Has to be imported before any schema is made: zod would otherwise try to compile them, which the page's policy forbids. */
z.config({ jitless: true })
