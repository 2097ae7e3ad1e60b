/**
 * Which node gets a daemon pod, and what the pod looks like: bound to its node by an affinity on the node's name (the
 * scheduler places it), and tolerant of the taints that tell of a node in trouble. Pure.
 */
import type { Affinity, Node, Pod, Toleration } from '../../../kube/types.ts'
import type { DaemonSet } from '../../workload-types.ts'
import { matchesLabels } from '../../selector.ts'
import { matchesNodeTerms } from '../../scheduler/node-terms.ts'
import type { Taint } from '../node/tolerations.ts'
import { tolerates } from '../node/tolerations.ts'
import { podFromTemplate } from '../pod-from-template.ts'

export const hashLabel = 'controller-revision-hash'
const generationLabel = 'pod-template-generation'
const generationKey = 'deprecated.daemonset.template.generation'

const added: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const onHostNetwork: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

/** `continues`: a pod that is there may stay; only NoExecute taints drive it away. */
export function fitOf({ spec }: DaemonSet, node: Node): { runs: boolean; continues: boolean } {
  const no = { runs: false, continues: false }
  const { nodeName = '', nodeSelector = {}, affinity } = spec.template.spec
  const { name, labels = {} } = node.metadata
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (nodeName !== '' && nodeName !== name) return no
  if (!matchesLabels(nodeSelector, labels)) return no
  if (required !== undefined && !matchesNodeTerms(required.nodeSelectorTerms, { name, labels })) return no
  const tolerations = tolerationsOf(spec.template.spec)
  const bad = (node.spec.taints ?? []).filter(taint => !isTolerated(tolerations, taint))
  return {
    runs: !bad.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
    continues: !bad.some(({ effect }) => effect === 'NoExecute'),
  }
}

function isTolerated(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(toleration => tolerates(toleration, taint))
}

/** A toleration of the same key, operator and effect gives way to the added one. */
function tolerationsOf({ tolerations = [], hostNetwork }: Pod['spec']): Toleration[] {
  const list = [...tolerations]
  for (const toleration of hostNetwork === true ? [...added, onHostNetwork] : added) {
    const at = list.findIndex(
      ({ key, operator = 'Equal', effect, value = '' }) =>
        key === toleration.key &&
        operator === toleration.operator &&
        effect === toleration.effect &&
        value === '',
    )
    if (at < 0) list.push(toleration)
    else list[at] = toleration
  }
  return list
}

export function isUpdated({ metadata }: DaemonSet, pod: Pod, hash: string): boolean {
  const generation = metadata.annotations?.[generationKey]
  const labels = pod.metadata.labels ?? {}
  return labels[hashLabel] === hash || (generation !== undefined && labels[generationLabel] === generation)
}

export function daemonPod(set: DaemonSet, node: string, hash: string): Pod {
  const { template } = set.spec
  const generation = set.metadata.annotations?.[generationKey]
  return podFromTemplate(set, template, {
    labels: {
      ...(generation === undefined ? {} : { [generationLabel]: generation }),
      [hashLabel]: hash,
    },
    spec: {
      affinity: boundTo(node, template.spec.affinity),
      tolerations: tolerationsOf(template.spec),
    },
  })
}

/** The required node terms of the template give way: they were asked before the node was chosen. */
function boundTo(node: string, affinity: Affinity | undefined): Affinity {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }]
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  }
}

/** The node that a daemon pod is on, or is meant for. */
export function nodeOf({ spec }: Pod): string | null {
  if ((spec.nodeName ?? '') !== '') return spec.nodeName ?? null
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  for (const { matchFields = [] } of required?.nodeSelectorTerms ?? []) {
    const [node] = matchFields.find(({ key }) => key === 'metadata.name')?.values ?? []
    if (node !== undefined) return node
  }
  return null
}
