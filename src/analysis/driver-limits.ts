/**
 * What the driver of a recording cannot see. Our own driver tells each connection and never sends a request twice; k6
 * does neither, so a run of k6's always says what a reader must not conclude from it.
 */
import type { DriverFacts, Manifest } from '../model/recording.ts'
import type { ForeignDriver } from './analysis.ts'

/** Whether samples say on which connection a request went, and how often that had been used. */
export function tellsConnections({ driver }: Pick<Manifest, 'driver'>): boolean {
  return driver?.name !== 'k6'
}

/** Null for our own driver. */
export function foreignDriver({ driver }: Pick<Manifest, 'driver'>): ForeignDriver | null {
  if (driver === undefined || driver.name === 'rollproof') return null
  const { name, version, script } = driver
  return { name, version, script, limits: k6Limits(driver) }
}

function k6Limits({ script, relayed }: DriverFacts): string[] {
  return [
    'A GET whose kept-alive connection breaks before the first byte of the answer is sent again in silence and counts as a success' +
      (script === null ? '; so kept connections carried POSTs, where the load profile has any.' : '.'),
    'Connections are not told: neither which one a request used, nor how often or how long before, nor to which pod it led.',
    'The end of a stream (EOF) has no code of its own: code 1000 stands for it and for everything else without one, and is shown as closed.',
    'Only the end of a request is told; when it was written and when the first byte came are worked out from its spans, and an answer cut in its headers is shown as cut in its body.',
    'One time limit holds for a whole request, the connect included.',
    ...(script === null ? [] : scriptLimits),
    ...(relayed
      ? [
          'The load went through a relay in user space: a pod that refuses shows as a reset, and one that is silent as a late answer.',
        ]
      : []),
  ]
}

const scriptLimits: readonly string[] = [
  'The script is the user’s own: when its requests were due is not told, so its lateness is not known.',
  'Its requests carry no numbers, so the servers’ ledger cannot be compared with them, and a request that was sent again is not noticed.',
  'Its requests count as reused, except where the script tags them with another population; what was in flight when k6 was stopped is not counted.',
]
