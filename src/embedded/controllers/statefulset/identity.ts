/**
 * A StatefulSet's pod by its ordinal: name, labels, host name and claims follow from it and outlive the pod. Pure.
 */
import type { KubeObject, Pod, PodTemplateSpec } from '../../../kube/types.ts'
import type { StatefulSet } from '../../workload-types.ts'
import { podFromTemplate } from '../pod-from-template.ts'

export const revisionLabel = 'controller-revision-hash'
const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

export interface Claim extends KubeObject {
  spec?: Record<string, unknown>
}

/** -1 for a pod that is not named as a member of the set. */
export function ordinalOf({ metadata }: StatefulSet, pod: Pod): number {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata.name)
  const ordinal = Number(match?.[2] ?? -1)
  return match?.[1] === metadata.name && ordinal < 2 ** 31 ? ordinal : -1
}

export function firstOrdinal({ spec }: StatefulSet): number {
  return spec.ordinals?.start ?? 0
}

export function revisionOfPod({ metadata }: Pod): string {
  return metadata.labels?.[revisionLabel] ?? ''
}

/** Null when the pod has its labels; else the pod with them. */
export function withIdentity(set: StatefulSet, pod: Pod): Pod | null {
  const { labels, name } = pod.metadata
  if (labels?.[podNameLabel] === name) return null
  return { ...pod, metadata: { ...pod.metadata, labels: { ...labels, ...identityLabels(set, pod, name) } } }
}

function identityLabels(set: StatefulSet, pod: Pod, name: string): Record<string, string> {
  return { [podNameLabel]: name, [podIndexLabel]: String(ordinalOf(set, pod)) }
}

/** The pod that has to be there, not yet created: it has no phase. */
export function podFor(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Pod {
  const name = `${set.metadata.name}-${ordinal}`
  const claims = claimsFor(set, ordinal)
  const volumes = [
    ...claims.map(({ volume, claim }) => ({
      name: volume,
      persistentVolumeClaim: { claimName: claim.metadata.name },
    })),
    ...(template.spec.volumes ?? []).filter(({ name: own }) => !claims.some(({ volume }) => volume === own)),
  ]
  return podFromTemplate(set, template, {
    name,
    labels: {
      [podNameLabel]: name,
      [podIndexLabel]: String(ordinal),
      [revisionLabel]: revision,
    },
    spec: {
      hostname: name,
      ...((set.spec.serviceName ?? '') === '' ? {} : { subdomain: set.spec.serviceName ?? '' }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  })
}

export function claimsFor(set: StatefulSet, ordinal: number): { volume: string; claim: Claim }[] {
  const { metadata, spec } = set
  return (spec.volumeClaimTemplates ?? []).map(template => {
    const { name: volume = '', labels, annotations } = template.metadata ?? {}
    const claim: Claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: `${volume}-${metadata.name}-${ordinal}`,
        namespace: metadata.namespace ?? '',
        labels: { ...labels, ...spec.selector.matchLabels },
        ...(annotations === undefined ? {} : { annotations }),
      },
      ...(template.spec === undefined ? {} : { spec: template.spec }),
    }
    return { volume, claim }
  })
}
