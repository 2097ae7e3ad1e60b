/** The load driver as its parent sees it: a plan goes in, samples come out. The parent only records and counts. */
import { startChild, type ChildEnd } from '../base/child.ts'
import type { Clock } from '../base/clock.ts'
import { programPath } from '../base/package-root.ts'
import type {
  DriverLimits,
  DriverStall,
  LoadMessage,
  LoadPlan,
  LoadTotals,
  ProbeSample,
  SampleRow,
} from '../model/load.ts'
import type { LoadRecord } from '../model/remote-load.ts'
import { LiveLoad } from './live-load.ts'

export interface LoadObserver {
  sample(row: SampleRow): void
  stall(stall: DriverStall): void
  /** Outside the books. */
  probe(probe: ProbeSample): void
  limits(limits: DriverLimits): void
}

export interface LoadProcess {
  readonly live: Readonly<LiveLoad>
  /** On a real cluster: where it comes from, and what became of each driver so far. */
  record?(): LoadRecord
  /** Resolves with the driver's own account; null when it ended without one. */
  readonly ended: Promise<{ totals: LoadTotals | null; end: ChildEnd }>
  /** Stops sending; open requests end by themselves. */
  stop(): void
  /** Ends the process in any case. */
  kill(): Promise<void>
}

const KILL_GRACE_MS = 1000

/** The driver as a child process of ours. */
export function startLocalLoad(plan: LoadPlan, clock: Clock, observer: LoadObserver): LoadProcess {
  const live = new LiveLoad()
  let totals: LoadTotals | null = null
  const program = programPath(plan.k6 === undefined ? 'load' : 'k6-load')
  const onLine = (line: string): void => {
    const message = JSON.parse(line) as LoadMessage
    switch (message.type) {
      case 'sample':
        observer.sample(message.row)
        live.note(message.row, clock.nowUs())
        break
      case 'progress':
        live.sent = message.totals.sent
        break
      case 'stall':
        observer.stall(message.stall)
        break
      case 'probe':
        observer.probe(message.probe)
        break
      case 'limits':
        observer.limits(message.limits)
        break
      // For other parents than a run: what a run judges is in its samples.
      case 'started':
      case 'summary':
        break
      case 'ended':
        totals = message.totals
        break
    }
  }
  const withoutTls = plan.k6 === undefined && (plan.target.tls ?? null) === null
  const child = startChild(program, [], clock, onLine, { withoutTls })
  child.send(plan)
  return {
    live,
    ended: child.ended.then(end => ({ totals, end })),
    stop: () => child.send({ type: 'stop' }),
    kill: () => child.stop(KILL_GRACE_MS).then(() => undefined),
  }
}

export function reasonOf({ exitCode, signal, stderr }: ChildEnd): string {
  if (stderr !== '') return stderr.trimEnd()
  return signal === null ? `it exited with code ${exitCode}` : `it was killed by ${signal}`
}
