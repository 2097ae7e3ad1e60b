// What can only be shown on a real cluster: the tests that make kind clusters, and the table of agreement between a kind
// cluster and the embedded one (reports/agreement.md). Skipped, loudly and with a count, where Docker or kind are missing.
//   node scripts/test-kind.mjs [--kind-image IMAGE] [--kind-config FILE] [--load-scale FACTOR] [--table-only] [SCENARIO …]
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'kind-image': { type: 'string', default: process.env.ROLLPROOF_KIND_IMAGE ?? 'kindest/node:v1.34.4' },
    'kind-config': { type: 'string' },
    'load-scale': { type: 'string' },
    'table-only': { type: 'boolean', default: false },
  },
})
const image = values['kind-image']
const missing = [
  ['docker', ['info'], 'no Docker that answers'],
  ['kind', ['version'], 'no kind'],
].find(([command, args]) => spawnSync(command, args, { stdio: 'ignore' }).status !== 0)
if (missing !== undefined) {
  const rows = readdirSync('scenarios').reduce((sum, file) => sum + rowsOf(file), 0)
  console.error(`SKIPPED: every test on a kind cluster, and ${rows} rows of agreement: ${missing[2]}`)
  process.exit(0)
}

const run = (command, args) =>
  spawnSync(command, args, {
    env: { ...process.env, ROLLPROOF_SKIP_BUILD: '1', ROLLPROOF_KIND_IMAGE: image },
    stdio: 'inherit',
  }).status ?? 1
const tests = values['table-only'] ? 0 : run('npx', ['vitest', 'run', '--project', 'kind'])
const given = ['kind-config', 'load-scale'].flatMap(name =>
  values[name] === undefined ? [] : [`--${name}`, values[name]],
)
const chosen = positionals.length === 0 ? ['--all'] : positionals
const table = run(process.execPath, ['dist/main.js', 'agreement', ...chosen, '--kind-image', image, ...given])
process.exitCode = tests === 0 ? table : 1

/** Disruptions that a scenario's file declares. */
function rowsOf(file) {
  const text = readFileSync(`scenarios/${file}`, 'utf8')
  return (text.match(/^ {2}(rolling-update|drain|dependency-outage):/gm) ?? []).length
}
