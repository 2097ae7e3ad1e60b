/** `rollproof compare-drivers`: what was done to requests, and what k6 and our own driver saw of it. */
import { startChild } from '../base/child.ts'
import { systemClock } from '../base/clock.ts'
import { findK6 } from '../base/k6-executable.ts'
import { programPath } from '../base/package-root.ts'
import type { CompareOrder, DriverAccount, DriverComparison } from '../model/driver-comparison.ts'
import type { ExitCode } from './exit-code.ts'
import type { OutputFormat } from './judge.ts'
import type { Streams } from './streams.ts'

export interface ComparedDrivers {
  /** Version; null where there is none to compare with, and `k6Missing` says why. */
  k6: string | null
  k6Missing: string | null
  /** Our own driver reported every fault, and by its name. */
  rollproofExact: boolean
  faults: DriverComparison[]
}

const KILL_GRACE_MS = 5000

export async function compareDriversCommand(
  { output, only }: { output: OutputFormat; only?: string[] },
  streams: Streams,
): Promise<ExitCode> {
  const search = await findK6(process.env)
  const k6 = search.ok ? { executable: search.k6.file, version: search.k6.version, script: null } : null
  const order: CompareOrder = { k6, ...(only === undefined ? {} : { only }) }
  const faults = await compare(order, streams)
  const compared: ComparedDrivers = {
    k6: k6?.version ?? null,
    k6Missing: search.ok ? null : search.problem,
    rollproofExact: faults.length > 0 && faults.every(({ rollproof }) => rollproof.exact),
    faults,
  }
  streams.stdout.write(
    output === 'json' ? `${JSON.stringify(compared, null, 2)}\n` : renderComparison(compared),
  )
  return compared.rollproofExact ? 0 : 1
}

async function compare(order: CompareOrder, { stderr }: Streams): Promise<DriverComparison[]> {
  const faults: DriverComparison[] = []
  const child = startChild(programPath('compare-drivers'), [], systemClock, line => {
    const comparison = JSON.parse(line) as DriverComparison
    faults.push(comparison)
    stderr.write(`${comparison.fault}: done\n`)
  })
  const interrupted = (): void => void child.stop(KILL_GRACE_MS)
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  child.send(order)
  const { exitCode, stderr: why } = await child.ended
  process.off('SIGINT', interrupted)
  process.off('SIGTERM', interrupted)
  if (exitCode !== 0) throw new Error(`the comparison broke off: ${why || `exit code ${exitCode ?? '?'}`}`)
  return faults
}

export function renderComparison({ k6, k6Missing, rollproofExact, faults }: ComparedDrivers): string {
  const title = ['fault', 'rollproof saw', ...(k6 === null ? [] : [`k6 ${k6} saw`])]
  const rows = faults.map(({ fault, rollproof, k6: other }) => [
    fault,
    accountWords(rollproof),
    ...(other === null ? [] : [accountWords(other)]),
  ])
  const widths = title.map((_, column) =>
    Math.max(...[title, ...rows].map(cells => (cells[column] ?? '').length)),
  )
  const table = [title, ...rows].map(cells =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  )
  const hidden = faults.filter(({ k6: other }) => other !== null && other.reported < other.injected)
  const closing = [
    ...(k6Missing === null ? [] : [`Not compared with k6: ${k6Missing}.`]),
    ...(hidden.length === 0 ? [] : [`k6 hid failures of: ${hidden.map(({ fault }) => fault).join('; ')}.`]),
    rollproofExact
      ? "rollproof's own driver saw every fault, and called each by its name."
      : "rollproof's own driver did NOT see every fault.",
  ]
  return `${[...table, '', 'Each cell: failures reported of faults injected, and as what.', ...closing].join('\n')}\n`
}

/** `29 of 29 closed`, `0 of 30, 30 sent again`. */
function accountWords({ injected, reported, byClass, sentAgain }: DriverAccount): string {
  const classes = Object.entries(byClass)
  const names =
    classes.length === 1
      ? ` ${classes[0]?.[0] ?? ''}`
      : classes.map(([name, count]) => `, ${count} ${name}`).join('')
  const again = sentAgain === 0 ? '' : `, ${sentAgain} sent again in silence`
  return `${reported} of ${injected}${names}${again}`
}
