/**
 * All probe workers of one pod, and what they have published. Results belong to a container instance: after a restart
 * they begin anew. Repeats of a result are not passed on.
 */
import type { Clock } from '../../base/clock.ts'
import type { Container, Probe } from '../../kube/types.ts'
import type { ProbeOutcome } from './handlers.ts'
import { ProbeWorker, type ProbeKind, type ProbeSubject, type ProbeVerdict } from './probe-worker.ts'

export interface PodProbesParts {
  clock: Clock
  /** Main containers and sidecars. */
  containers: readonly Container[]
  subject: (container: string) => ProbeSubject | null
  attempt: (container: Container, probe: Probe) => Promise<ProbeOutcome>
  onChange: (container: string, kind: ProbeKind, verdict: ProbeVerdict) => void
  onTrouble: (container: string, kind: ProbeKind, outcome: Exclude<ProbeOutcome, { kind: 'success' }>) => void
}

export class PodProbes {
  readonly #workers = new Map<string, ProbeWorker>()
  readonly #verdicts = new Map<string, { containerID: string; verdict: ProbeVerdict }>()
  readonly #parts: PodProbesParts

  constructor(parts: PodProbesParts) {
    this.#parts = parts
  }

  start(): void {
    for (const container of this.#parts.containers)
      for (const [kind, probe] of probesOf(container))
        this.#workers.set(key(container.name, kind), this.#worker(container, kind, probe))
    for (const worker of this.#workers.values()) worker.start()
  }

  /** Started = its startup probe succeeded, or it has none (§4.4). */
  isStarted(container: string, containerID: string): boolean {
    return this.#holds(container, 'startup', containerID)
  }

  isReady(container: string, containerID: string): boolean {
    return this.#holds(container, 'readiness', containerID)
  }

  /** The probe that condemned this container, or null. */
  condemnedBy(container: string, containerID: string): 'liveness' | 'startup' | null {
    const failed = (kind: ProbeKind): boolean => {
      const published = this.#verdicts.get(key(container, kind))
      return published?.containerID === containerID && published.verdict === 'failure'
    }
    return failed('liveness') ? 'liveness' : failed('startup') ? 'startup' : null
  }

  pokeReadiness(container: string): void {
    this.#workers.get(key(container, 'readiness'))?.poke()
  }

  /** Termination stops these before preStop; readiness goes on until the containers are stopped (§5.4). */
  stopLivenessAndStartup(): void {
    for (const [name, worker] of this.#workers) if (!name.startsWith('readiness ')) worker.stop()
  }

  stop(): void {
    for (const worker of this.#workers.values()) worker.stop()
  }

  #holds(container: string, kind: ProbeKind, containerID: string): boolean {
    if (!this.#workers.has(key(container, kind))) return true
    const published = this.#verdicts.get(key(container, kind))
    return published?.containerID === containerID && published.verdict === 'success'
  }

  #worker(container: Container, kind: ProbeKind, probe: Probe): ProbeWorker {
    const { clock, subject, attempt, onChange, onTrouble } = this.#parts
    return new ProbeWorker({
      clock,
      kind,
      probe,
      subject: () => subject(container.name),
      attempt: () => attempt(container, probe),
      onTrouble: outcome => onTrouble(container.name, kind, outcome),
      onVerdict: (containerID, verdict) => {
        const before = this.#verdicts.get(key(container.name, kind))
        if (before?.containerID === containerID && before.verdict === verdict) return
        this.#verdicts.set(key(container.name, kind), { containerID, verdict })
        onChange(container.name, kind, verdict)
      },
    })
  }
}

function probesOf(container: Container): [ProbeKind, Probe][] {
  const declared: [ProbeKind, Probe | undefined][] = [
    ['startup', container.startupProbe],
    ['readiness', container.readinessProbe],
    ['liveness', container.livenessProbe],
  ]
  return declared.filter((entry): entry is [ProbeKind, Probe] => entry[1] !== undefined)
}

function key(container: string, kind: ProbeKind): string {
  return `${kind} ${container}`
}
