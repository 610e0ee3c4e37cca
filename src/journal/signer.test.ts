import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { openSignerKey } from './key.ts'
import { signerContract } from './signer.contract.ts'
import { fileSigner } from './signer.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-signer-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('fileSigner', () => {
  signerContract(async () => fileSigner(await openSignerKey({ path: join(folder, 'journal.key'), origin: 'gatehouse.test/log', random: randomBytes })))
})
