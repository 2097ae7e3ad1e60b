// Runs the conformance suite: on an embedded cluster for each file, or on the cluster of a kubeconfig.
//   node scripts/conformance.mjs [--kubeconfig FILE [--context NAME]] [--image NAME] [FILTER …]
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kubeconfig: { type: 'string' }, context: { type: 'string' }, image: { type: 'string' } },
})
const env = { ...process.env, ROLLPROOF_SKIP_BUILD: '1' }
if (values.kubeconfig !== undefined) env.ROLLPROOF_CONFORMANCE_KUBECONFIG = values.kubeconfig
if (values.context !== undefined) env.ROLLPROOF_CONFORMANCE_CONTEXT = values.context
if (values.image !== undefined) env.ROLLPROOF_CONFORMANCE_IMAGE = values.image
const filters = positionals.length === 0 ? [''] : positionals
const { status } = spawnSync(
  'npx',
  [
    'vitest',
    'run',
    '--project',
    'clusters',
    ...(values.kubeconfig === undefined ? ['--maxConcurrency=24'] : []),
    '--reporter=verbose',
    ...filters.map(filter => `src/conformance/${filter}`),
  ],
  { env, stdio: 'inherit' },
)
process.exitCode = status ?? 1
