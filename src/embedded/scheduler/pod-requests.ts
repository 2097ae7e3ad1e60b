/** What a pod asks of its node: containers together, or the largest moment of its start, whichever is more. */
import type { Container, PodSpec } from '../../kube/types.ts'
import { quantityMilli } from './quantity.ts'

/** Resource name → thousandths. */
export type Amounts = Map<string, number>

export function podRequests({ containers, initContainers = [] }: PodSpec): Amounts {
  const steady: Amounts = new Map()
  const peak: Amounts = new Map()
  for (const container of initContainers) {
    const own = requestsOf(container)
    if (container.restartPolicy === 'Always') addAll(steady, own)
    const moment = container.restartPolicy === 'Always' ? steady : summed(steady, own)
    for (const [name, amount] of moment) peak.set(name, Math.max(peak.get(name) ?? 0, amount))
  }
  for (const container of containers) addAll(steady, requestsOf(container))
  for (const [name, amount] of peak) steady.set(name, Math.max(steady.get(name) ?? 0, amount))
  return steady
}

export function addAll(into: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) into.set(name, (into.get(name) ?? 0) + amount)
}

/** For scoring, a container that names no request counts as 100m CPU and 200Mi (semantics §3). */
export function scoredRequests({ containers }: PodSpec): Amounts {
  const total: Amounts = new Map()
  for (const container of containers) {
    const own = requestsOf(container)
    addAll(
      total,
      new Map([
        ['cpu', own.get('cpu') ?? 100],
        ['memory', own.get('memory') ?? quantityMilli('200Mi')],
      ]),
    )
  }
  return total
}

function requestsOf({ resources }: Container): Amounts {
  const { requests = {}, limits = {} } = resources ?? {}
  // A limit without a request is its own request.
  const entries = Object.entries({ ...limits, ...requests })
  return new Map(entries.map(([name, amount]) => [name, quantityMilli(amount)]))
}

function summed(one: Amounts, other: Amounts): Amounts {
  const total = new Map(one)
  addAll(total, other)
  return total
}
