import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Where .ci/run wants the counts, as JSON. */
const report = process.env['GATEHOUSE_TEST_REPORT']

const files = globSync(['src/**/*.test.{ts,tsx}', 'tools/**/*.test.ts', 'test/**/*.test.ts'], { cwd: import.meta.dirname })

/** What a test does to all of its process, whose next test file would find it so. */
const OF_THE_PROCESS = /\bvi\.|\bglobalThis\b|\bsetGlobalDispatcher\b|\bprocess\.(?:env|umask|chdir|on|once)\b/
const WHOLE_HOUSES = /^test\/(?:browser|conformance|crash|house|oracles)\//
const alone = files.filter((file) => WHOLE_HOUSES.test(file) || OF_THE_PROCESS.test(readFileSync(join(import.meta.dirname, file), 'utf8')))

const each = { environment: 'node', pool: 'forks', maxWorkers: 2, testTimeout: 20_000, hookTimeout: 60_000 } as const

export default defineConfig({
  test: {
    projects: [
      { test: { ...each, name: 'alone', include: alone } },
      // Two processes for all of these: each imports a module once. Sorted by name, they follow when those that take long have begun.
      { test: { ...each, name: 'together', include: files.filter((file) => !alone.includes(file)), isolate: false } },
    ],
    maxWorkers: 2,
    globalSetup: ['test/support/cluster.ts'],
    allowOnly: false,
    passWithNoTests: false,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
})
