import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Runs .ci/run in a repository whose README promises `command`, and whose own checks are `check`. */
function run(command: string, check: string): { readonly status: number | null; readonly lines: readonly string[] } {
  const root = mkdtempSync(join(tmpdir(), 'ci-'))
  try {
    mkdirSync(join(root, '.ci'))
    cpSync('.ci/run', join(root, '.ci/run'))
    writeFileSync(join(root, 'package.json'), JSON.stringify({ scripts: { check } }))
    writeFileSync(
      join(root, 'README.md'),
      `# A\n\n## Run it\n\n\`\`\`sh\nfalse\n\`\`\`\n\n${command === '' ? '' : `## Test it\n\n\`\`\`sh\n${command}\nfalse\n\`\`\`\n`}`,
    )
    const { status, stdout } = spawnSync(join(root, '.ci/run'), { cwd: tmpdir(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    return { status, lines: stdout.trimEnd().split('\n') }
  } finally {
    rmSync(root, { recursive: true })
  }
}
const report = (passed: number, failed: number): string =>
  `echo '{"numPassedTests":${passed},"numFailedTests":${failed},"testResults":[{"numPassedTests":9}]}' > "$GATEHOUSE_TEST_REPORT"`

describe('.ci/run', () => {
  it.each([
    ['when all is well', report(12, 0), 'true', 0, '12 passed, 0 failed'],
    ['when tests failed, which count themselves', `${report(10, 2)}; exit 1`, 'true', 1, '10 passed, 2 failed'],
    ['when the tests broke otherwise', `${report(12, 0)}; exit 1`, 'true', 1, '12 passed, 1 failed'],
    ['when a check failed', report(12, 0), 'false', 1, '12 passed, 1 failed'],
    ['when tests and checks failed', `${report(10, 2)}; exit 1`, 'false', 1, '10 passed, 3 failed'],
    ['when nothing ran before it broke', 'false', 'true', 1, '0 passed, 1 failed'],
    ['when the run tested nothing', 'true', 'true', 1, '0 passed, 1 failed'],
    ['when README.md names no command', '', 'true', 1, '0 passed, 1 failed'],
    ['with nothing to read from', `[ -z "$(cat)" ] && [ "$CI" = true ] && ${report(1, 0)}`, 'true', 0, '1 passed, 0 failed'],
  ])('ends with the counts %s', (_title, command, check, status, last) => {
    const ran = run(command, check)
    expect({ status: ran.status, last: ran.lines.at(-1) }).toEqual({ status, last })
  })
})
