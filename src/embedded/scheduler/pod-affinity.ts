/**
 * InterPodAffinity (semantics §3). Terminating pods count here: a required anti-affinity with a surge pod and no free
 * node leaves the rollout stuck until the old pod is really gone.
 */
import type { Pod, PodAffinityTerm } from '../../kube/types.ts'
import { matchesSelector } from '../selector.ts'
import { resolvable, unresolvable, type Refusal } from './filters.ts'
import type { NodeState } from './snapshot.ts'

export function affinityFilter(pod: Pod, nodes: readonly NodeState[]): (state: NodeState) => Refusal | null {
  const affinity = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const anti = requiredAnti(pod)
  const forbidden = domainsOfPodsThatRepel(pod, nodes)
  const far = anti.map(term => ({ term, domains: domainsWith(pod, term, nodes) }))
  const near = affinity.map(term => ({ term, domains: domainsWith(pod, term, nodes) }))
  // The first pod of a group that wants to be together has nobody to be with.
  const isFirst =
    near.every(({ domains }) => domains.size === 0) && affinity.every(term => selects(pod, term, pod))
  return ({ labels }) => {
    for (const { term, domains } of near) {
      const domain = labels[term.topologyKey]
      if (domain === undefined || (!isFirst && !domains.has(domain)))
        return unresolvable("node(s) didn't match pod affinity rules")
    }
    for (const { term, domains } of far) {
      const domain = labels[term.topologyKey]
      if (domain !== undefined && domains.has(domain))
        return resolvable("node(s) didn't match pod anti-affinity rules")
    }
    for (const [key, domains] of forbidden) {
      const domain = labels[key]
      if (domain !== undefined && domains.has(domain))
        return resolvable("node(s) didn't satisfy existing pods anti-affinity rules")
    }
    return null
  }
}

/** Raw scores of preferred terms, of the pod and of those already there; null when nobody prefers anything. */
export function affinityScores(
  pod: Pod,
  candidates: readonly NodeState[],
  nodes: readonly NodeState[],
): number[] | null {
  const weights = new Map<string, Map<string, number>>()
  const add = (key: string, domain: string | undefined, weight: number): void => {
    if (domain === undefined) return
    const domains = weights.get(key) ?? new Map<string, number>()
    domains.set(domain, (domains.get(domain) ?? 0) + weight)
    weights.set(key, domains)
  }
  const own = preferences(pod, false)
  for (const { labels, pods } of nodes) {
    for (const other of pods) {
      for (const { term, weight } of own) {
        if (selects(pod, term, other)) add(term.topologyKey, labels[term.topologyKey], weight)
      }
      for (const { term, weight } of preferences(other, true)) {
        if (selects(other, term, pod)) add(term.topologyKey, labels[term.topologyKey], weight)
      }
    }
  }
  if (weights.size === 0) return null
  return candidates.map(({ labels }) => {
    const scores = [...weights].map(([key, domains]) => domains.get(labels[key] ?? '') ?? 0)
    return scores.reduce((total, score) => total + score, 0)
  })
}

/** A term that a pod already there requires attracts with weight 1, as Kubernetes's default is. */
function preferences({ spec }: Pod, withRequired: boolean): { term: PodAffinityTerm; weight: number }[] {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const near = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const far = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const required = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  return [
    ...near.map(({ weight, podAffinityTerm }) => ({ term: podAffinityTerm, weight })),
    ...far.map(({ weight, podAffinityTerm }) => ({ term: podAffinityTerm, weight: -weight })),
    ...(withRequired ? required.map(term => ({ term, weight: 1 })) : []),
  ]
}

function requiredAnti({ spec }: Pod): PodAffinityTerm[] {
  return spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
}

function domainsWith(owner: Pod, term: PodAffinityTerm, nodes: readonly NodeState[]): Set<string> {
  const holding = nodes.filter(({ pods }) => pods.some(other => selects(owner, term, other)))
  return new Set(holding.flatMap(({ labels }) => labels[term.topologyKey] ?? []))
}

function domainsOfPodsThatRepel(pod: Pod, nodes: readonly NodeState[]): Map<string, Set<string>> {
  const forbidden = new Map<string, Set<string>>()
  for (const { labels, pods } of nodes) {
    for (const other of pods) {
      for (const term of requiredAnti(other)) {
        const domain = labels[term.topologyKey]
        if (domain === undefined || !selects(other, term, pod)) continue
        forbidden.set(term.topologyKey, (forbidden.get(term.topologyKey) ?? new Set()).add(domain))
      }
    }
  }
  return forbidden
}

function selects(owner: Pod, { labelSelector, namespaces = [] }: PodAffinityTerm, other: Pod): boolean {
  const { namespace = '', labels } = other.metadata
  const near =
    namespaces.length === 0 ? namespace === owner.metadata.namespace : namespaces.includes(namespace)
  return near && matchesSelector(labelSelector, labels)
}
