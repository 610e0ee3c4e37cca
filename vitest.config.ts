import { defineConfig } from 'vitest/config'

/** Where .ci/run wants the counts, as JSON. */
const report = process.env['GATEHOUSE_TEST_REPORT']

export default defineConfig({
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/support/cluster.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    allowOnly: false,
    passWithNoTests: false,
    // Processes are started and killed by the dozen beside each other on two shared cores: in CI one that stumbles is tried once more, and the report says so.
    retry: process.env['CI'] ? 1 : 0,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
})
