/** The pod that a controller creates from its template (controller_utils.go, GetPodFromTemplate). */
import type { KubeObject, Pod, PodSpec, PodTemplateSpec } from '../../kube/types.ts'
import { controllerReference } from './owners.ts'

/** What the controller adds of its own. */
export interface PodOverrides {
  name?: string
  labels?: Record<string, string>
  spec?: Partial<PodSpec>
}

export function podFromTemplate(
  owner: KubeObject,
  template: PodTemplateSpec,
  overrides: PodOverrides = {},
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  const allLabels =
    labels === undefined && overrides.labels === undefined ? undefined : { ...labels, ...overrides.labels }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: overrides.name ?? '',
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace ?? '',
      ...(allLabels === undefined ? {} : { labels: allLabels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: { ...template.spec, ...overrides.spec },
  }
}
