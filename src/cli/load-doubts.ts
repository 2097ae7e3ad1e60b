/** Whether a load was measured at all: what makes its own account doubtful, and the exit code that follows. */
import type { ChildEnd } from '../base/child.ts'
import { latenessLimitMs, skippedShareLimit, stallLimitMs } from '../analysis/validity-load.ts'
import type { LoadTotals } from '../model/load.ts'
import type { FailureCount } from '../report/load-summary.ts'
import { counted } from '../report/words.ts'
import type { ExitCode } from './exit-code.ts'
import type { LoadBooks } from './load-books.ts'

const isOurs = ({ class: name }: FailureCount): boolean => name.startsWith('local.')

export interface LoadEvidence {
  totals: LoadTotals | null
  end: ChildEnd
  books: LoadBooks
  interrupted: boolean
}

export function doubtsOf({ totals, end, books, interrupted }: LoadEvidence): string[] {
  const doubts: string[] = []
  if (totals === null) {
    const said = end.stderr.trimEnd() || `it ended with ${end.signal ?? `code ${end.exitCode}`}`
    return [`the driver broke off without an account of its own: ${said}`]
  }
  const keys = Object.keys(totals) as (keyof LoadTotals)[]
  const { counted: recorded } = books
  const differing = keys.filter(key => totals[key] !== recorded[key])
  if (differing.length > 0)
    doubts.push(
      `the books do not balance: what the driver recorded and its totals differ in ${differing.join(', ')}`,
    )
  if (books.failed !== totals.failed)
    doubts.push(`the books do not balance: ${totals.failed} failed, and ${books.failed} were told of`)
  const { skipped, unresolved, scheduled } = totals
  if (scheduled === 0 && !interrupted) doubts.push('no request was due')
  // What fell due in a stall is no more than the stall, which is judged by its length.
  const stalledOnly = books.limits?.skippedForOpen === 0 && skipped / scheduled < skippedShareLimit
  if (skipped > 0 && !stalledOnly)
    doubts.push(`${counted(skipped, 'request')} of ${scheduled} skipped: due, and not sent by the driver`)
  const { count, longestMs } = books.stalls
  if (longestMs >= stallLimitMs)
    doubts.push(
      `the driver stood still, once for ${Math.round(longestMs)} ms (${counted(count, 'stall')} in all)`,
    )
  doubts.push(...limitDoubts(books))
  const local = books.failures.filter(isOurs)
  for (const { class: name, count: failures } of local)
    doubts.push(`${counted(failures, 'request')} failed by a limit of this machine: ${name}`)
  if (unresolved > 0 && !interrupted)
    doubts.push(`${counted(unresolved, 'request')} had no end when the load ended`)
  return doubts
}

/** A busy core is a doubt only where requests were late for it. */
function limitDoubts({ limits, latenessUs }: LoadBooks): string[] {
  if (limits === null || (latenessUs.p99 ?? 0) <= latenessLimitMs * 1000) return []
  const late = `one request in a hundred left ${Math.round((latenessUs.p99 ?? 0) / 1000)} ms late or more`
  const share = (part: number | null): string => `${Math.round((part ?? 0) * 100)} % of the time`
  return [
    ...(limits.reached.includes('cpu')
      ? [`${late}: the driver used a core for ${share(limits.cpuShare)}`]
      : []),
    ...(limits.reached.includes('run-queue')
      ? [`${late}: the driver was ready and had no core for ${share(limits.waitShare)}`]
      : []),
  ]
}

/** A failure that was seen is a fact whatever else is in doubt; the driver's own faults are none of the server's. */
export function exitCodeOf(
  totals: LoadTotals,
  failures: readonly FailureCount[],
  doubts: readonly string[],
): ExitCode {
  const theirs = failures.filter(each => !isOurs(each))
  if (totals.failed > 0 && theirs.length > 0) return 1
  return doubts.length > 0 ? 3 : 0
}
