/**
 * A DaemonSet's templates are counted in an annotation, which nobody but the API server may change: in apps/v1 it stands
 * where older versions had `spec.templateGeneration`. Its pods carry the count as a label.
 */
import type { DaemonSet } from '../../workload-types.ts'
import { sameJson } from '../../store/json.ts'

const templateGenerationKey = 'deprecated.daemonset.template.generation'

/** `existing` is null for a creation. */
export function countTemplates(next: DaemonSet, existing: DaemonSet | null): void {
  const { annotations } = next.metadata
  if (existing === null) {
    const asked = Number.parseInt(annotations?.[templateGenerationKey] ?? '', 10)
    next.metadata.annotations = { ...annotations, [templateGenerationKey]: String(asked > 1 ? asked : 1) }
    return
  }
  const before = Number.parseInt(existing.metadata.annotations?.[templateGenerationKey] ?? '1', 10)
  const count = sameJson(next.spec.template, existing.spec.template) ? before : before + 1
  next.metadata.annotations = { ...annotations, [templateGenerationKey]: String(count) }
}
