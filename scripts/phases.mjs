// Rolls and deletes the same workload on the embedded cluster and on a real one, and prints each phase side by side.
//   node scripts/phases.mjs --kubeconfig FILE [--context NAME]      (without a kubeconfig: the embedded cluster alone)
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { kubeconfig: { type: 'string' }, context: { type: 'string' } } })
const folder = mkdtempSync(path.join(os.tmpdir(), 'phases-'))

function measure(name, extra) {
  const out = path.join(folder, `${name}.json`)
  const env = { ...process.env, ROLLPROOF_SKIP_BUILD: '1', ROLLPROOF_PHASES_OUT: out, ...extra }
  try {
    execFileSync('npx', ['vitest', 'run', '--project', 'runs', 'src/conformance/phases'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  } catch {
    // Whatever was measured is shown; what was not is shown as such.
  }
  return existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : {}
}

function figures(values = []) {
  if (values.length === 0) return '-'
  const sorted = [...values].sort((a, b) => a - b)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  return [sorted[0], median, sorted.at(-1)].map(value => value.toFixed(0)).join(' / ')
}

delete process.env.ROLLPROOF_CONFORMANCE_KUBECONFIG
const embedded = measure('embedded', {})
const context = values.context === undefined ? {} : { ROLLPROOF_CONFORMANCE_CONTEXT: values.context }
const real =
  values.kubeconfig === undefined
    ? {}
    : measure('real', { ROLLPROOF_CONFORMANCE_KUBECONFIG: values.kubeconfig, ...context })
rmSync(folder, { recursive: true })

console.log('| phase (ms: min / median / max) | variant | real | embedded | median within real |')
console.log('| --- | --- | --- | --- | --- |')
for (const phase of Object.keys({ ...embedded, ...real }))
  for (const variant of Object.keys(embedded[phase] ?? real[phase] ?? {})) {
    const ours = [...(embedded[phase]?.[variant] ?? [])].sort((a, b) => a - b)
    const theirs = real[phase]?.[variant] ?? []
    if (ours.length === 0 && theirs.length === 0) continue
    const median = ours[Math.floor((ours.length - 1) / 2)]
    const within =
      theirs.length === 0 || median === undefined
        ? '-'
        : median >= Math.min(...theirs) && median <= Math.max(...theirs)
          ? 'yes'
          : 'NO'
    console.log(`| ${phase} | ${variant} | ${figures(theirs)} | ${figures(ours)} | ${within} |`)
  }
