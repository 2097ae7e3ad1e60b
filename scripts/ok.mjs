// Everything that must hold before a commit, apart from the tests: format, lint, types, unused code. All at once, each told.
import { $, chalk } from 'zx'

$.quiet = true
$.nothrow = true

const checks = {
  format: $`prettier --check .`,
  lint: $`eslint .`,
  types: $`tsc -p .`,
  k6: $`tsc -p k6`,
  unused: $`knip`,
  layers: $({
    env: { ...process.env, ROLLPROOF_SKIP_BUILD: '1' },
  })`vitest run src/layers.test.ts src/tidy.test.ts`,
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  const { exitCode, stdout, stderr } = await check
  console.log(`${exitCode === 0 ? chalk.green('ok    ') : chalk.red('not ok')} ${name}`)
  if (exitCode === 0) continue
  failed += 1
  console.log(`${stdout}${stderr}`)
}
process.exitCode = failed === 0 ? 0 : 1
