/**
 * Each pod's end as a line of a table, relative to its T0 (the deletionTimestamp). The last column but one is the one
 * that explains most drops: how long the pod was still routed after it had stopped listening.
 */
import type { Termination } from '../analysis/analysis.ts'
import { code, table } from './markdown-text.ts'
import { figure } from './words.ts'

const columns = [
  'pod',
  'node',
  '#T0 (s)',
  '#preStop',
  '#SIGTERM',
  '#listener closed',
  '#exit',
  '#unrouted',
  '#sandbox gone',
  '#object gone',
  '#routed while closed',
  '#failures',
]

export function terminationsTable(terminations: readonly Termination[]): string[] {
  if (terminations.length === 0) return []
  return [
    'Milliseconds after T0, the moment when the object was marked for deletion; a dash where nothing was seen.',
    '',
    ...table(columns, terminations.map(terminationCells)),
  ]
}

function terminationCells(termination: Termination): string[] {
  const { terminatingUs: t0 } = termination
  const after = (instantUs: number | null): string =>
    t0 === null || instantUs === null ? '–' : signed((instantUs - t0) / 1000)
  return [
    code(termination.pod),
    termination.node === null ? '–' : code(termination.node),
    t0 === null ? '–' : (t0 / 1_000_000).toFixed(3),
    termination.preStopMs === null ? '–' : figure(Math.round(termination.preStopMs)),
    after(termination.sigtermUs),
    after(termination.listenerClosedUs),
    after(termination.exitedUs) + exitWords(termination),
    after(termination.unroutedUs),
    after(termination.sandboxGoneUs),
    after(termination.deletedUs),
    routedWhileClosed(termination),
    figure(termination.failures),
  ]
}

function exitWords({ killed, exitCode }: Termination): string {
  if (killed) return ' (SIGKILL)'
  return exitCode === null ? '' : ` (code ${exitCode})`
}

function routedWhileClosed({ listenerClosedUs, exitedUs, unroutedUs }: Termination): string {
  const closedUs = listenerClosedUs ?? exitedUs
  if (closedUs === null || unroutedUs === null) return '–'
  return unroutedUs > closedUs ? `**${figure(Math.round((unroutedUs - closedUs) / 1000))}**` : '0'
}

const signed = (ms: number): string => (ms < 0 ? '−' : '+') + figure(Math.abs(Math.round(ms)))
