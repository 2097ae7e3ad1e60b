/** Connects that nobody answered, by where they came from and where they went: what a conntrack table remembers of them. */
import type { Sample } from '../model/load.ts'

/** `drivers`: how many sent the load, each from an address of its own; 0 for one that is not told. */
export function collectHungConnects(
  samples: readonly Sample[],
  drivers: number,
): (sample: Sample) => readonly Sample[] {
  const keyOf = ({ seq, connection }: Sample): string | null =>
    connection?.localPort == null
      ? null
      : `${seq % Math.max(1, drivers)} ${connection.localPort} ${connection.remoteAddress} ${connection.remotePort}`
  const hung = new Map<string, Sample[]>()
  for (const sample of samples) {
    const { outcome, endedUs } = sample
    const gaveUp = outcome.kind === 'failed' && outcome.phase === 'connect' && outcome.code === 'timed-out'
    const key = gaveUp && endedUs !== null ? keyOf(sample) : null
    if (key !== null) hung.set(key, [...(hung.get(key) ?? []), sample])
  }
  for (const list of hung.values()) list.sort((a, b) => (a.endedUs ?? 0) - (b.endedUs ?? 0) || a.seq - b.seq)
  return sample => hung.get(keyOf(sample) ?? '') ?? []
}
