/**
 * autoscaling/v1: an autoscaler that knows a share of the CPU alone. What else autoscaling/v2 has stands in annotations,
 * so that a client of the old version can read an object and write it back without a loss (kubernetes
 * pkg/apis/autoscaling/v1/conversion.go and annotations.go).
 */
import { Misfit, typedCopy } from '../decoding/typed-copy.ts'
import { structType } from '../schema/go-types.ts'
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, without } from '../../store/json.ts'
import { flatMetric, groupedMetric } from './autoscaler-metrics.ts'
import type { View } from './view.ts'

const prefix = 'autoscaling.alpha.kubernetes.io/'
const metricsKey = `${prefix}metrics`
const currentMetricsKey = `${prefix}current-metrics`
const conditionsKey = `${prefix}conditions`
const behaviorKey = `${prefix}behavior`
const keys = [metricsKey, currentMetricsKey, conditionsKey, behaviorKey]

export const autoscalerView: View = {
  toStored({ spec, status, ...rest }) {
    const annotations = annotationsOf(rest)
    return {
      ...rest,
      apiVersion: 'autoscaling/v2',
      ...(isObject(rest['metadata']) ? { metadata: withAnnotations(rest['metadata'], {}) } : {}),
      ...(isObject(spec) ? { spec: storedSpec(spec, annotations) } : {}),
      ...(isObject(status) ? { status: storedStatus(status, annotations) } : {}),
    }
  },
  fromStored({ spec, status, ...rest }) {
    const annotations = { ...specAnnotations(spec), ...statusAnnotations(status) }
    return {
      kind: 'HorizontalPodAutoscaler',
      apiVersion: 'autoscaling/v1',
      ...without(rest, 'kind', 'apiVersion'),
      metadata: withAnnotations(isObject(rest['metadata']) ? rest['metadata'] : {}, annotations),
      ...(isObject(spec) ? { spec: servedSpec(spec) } : {}),
      ...(isObject(status) ? { status: servedStatus(status) } : {}),
    }
  },
  check: () => undefined,
}

function storedSpec(spec: JsonObject, annotations: JsonObject): JsonObject {
  const { targetCPUUtilizationPercentage: share, ...rest } = spec
  const others = listIn(annotations, metricsKey, 'v1.MetricSpec').map(item => groupedMetric(item, 'target'))
  const metrics = typeof share === 'number' ? [...others, cpuMetric('target', share)] : others
  const behavior = behaviorIn(annotations)
  return {
    ...rest,
    ...(metrics.length > 0 ? { metrics } : {}),
    ...(behavior === null ? {} : { behavior }),
  }
}

function storedStatus(status: JsonObject, annotations: JsonObject): JsonObject {
  const { currentCPUUtilizationPercentage: share, ...rest } = status
  const told = listIn(annotations, currentMetricsKey, 'v1.MetricStatus')
  const metrics = told.map(item => groupedMetric(item, 'current'))
  const currentMetrics =
    metrics.length === 0 && typeof share === 'number' ? [cpuMetric('current', share)] : metrics
  const conditions = listIn(annotations, conditionsKey, 'v1.HorizontalPodAutoscalerCondition')
  return {
    ...rest,
    ...(currentMetrics.length > 0 ? { currentMetrics } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  }
}

function cpuMetric(part: 'target' | 'current', averageUtilization: number): JsonObject {
  const value = part === 'target' ? { type: 'Utilization', averageUtilization } : { averageUtilization }
  return { type: 'Resource', resource: { name: 'cpu', [part]: value } }
}

function servedSpec(spec: JsonObject): JsonObject {
  const first = listOf(spec['metrics']).find(isCpu)
  const share = shareOf(first ?? null, 'target')
  return {
    ...without(spec, 'metrics', 'behavior'),
    ...(share === null ? {} : { targetCPUUtilizationPercentage: share }),
  }
}

function servedStatus(status: JsonObject): JsonObject {
  const share = shareOf(listOf(status['currentMetrics']).find(isCpu) ?? null, 'current')
  return {
    // No optional fields in this version.
    currentReplicas: 0,
    desiredReplicas: 0,
    ...without(status, 'currentMetrics', 'conditions'),
    ...(share === null ? {} : { currentCPUUtilizationPercentage: share }),
  }
}

/** What the one number of the old version does not say. */
function specAnnotations(spec: Json | undefined): JsonObject {
  if (!isObject(spec)) return {}
  const others = listOf(spec['metrics']).filter(item => !isCpu(item) || shareOf(item, 'target') === null)
  const { behavior } = spec
  return {
    ...asAnnotation(
      metricsKey,
      others.map(item => flatMetric(item, 'target')),
    ),
    // A slip of Kubernetes's that has to stay: these are the names of Go's fields.
    ...(isObject(behavior)
      ? { [behaviorKey]: JSON.stringify(renamed(behavior, name => name.toUpperCase())) }
      : {}),
  }
}

function statusAnnotations(status: Json | undefined): JsonObject {
  if (!isObject(status)) return {}
  const metrics = listOf(status['currentMetrics']).map(item => flatMetric(item, 'current'))
  return {
    ...asAnnotation(currentMetricsKey, metrics),
    ...asAnnotation(conditionsKey, listOf(status['conditions'])),
  }
}

function isCpu(item: Json): boolean {
  if (!isObject(item) || item['type'] !== 'Resource') return false
  const { resource } = item
  return isObject(resource) && resource['name'] === 'cpu'
}

function shareOf(item: Json, part: 'target' | 'current'): number | null {
  const resource = isObject(item) ? item['resource'] : null
  const value = isObject(resource) ? resource[part] : null
  const share = isObject(value) ? value['averageUtilization'] : null
  return typeof share === 'number' ? share : null
}

function annotationsOf({ metadata }: JsonObject): JsonObject {
  const annotations = isObject(metadata) ? metadata['annotations'] : null
  return isObject(annotations) ? annotations : {}
}

/** With these of our own, and no others of our own. */
function withAnnotations(metadata: JsonObject, own: JsonObject): JsonObject {
  const annotations = { ...without(annotationsOf({ metadata }), ...keys), ...own }
  const rest = without(metadata, 'annotations')
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest
}

function asAnnotation(key: string, items: Json[]): JsonObject {
  return items.length > 0 ? { [key]: JSON.stringify(items) } : {}
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}

/** What an annotation holds; one that does not hold it counts as absent. */
function listIn(annotations: JsonObject, key: string, type: string): Json[] {
  const items = listOf(parsed(annotations[key]))
  return items.every(item => isOfType(item, `autoscaling/${type}`)) ? items : []
}

function behaviorIn(annotations: JsonObject): Json {
  const value = parsed(annotations[behaviorKey])
  const behavior = isObject(value) ? renamed(value, name => name.toLowerCase()) : null
  return isOfType(behavior, 'autoscaling/v2.HorizontalPodAutoscalerBehavior') ? behavior : null
}

function isOfType(value: Json, type: string): boolean {
  if (!isObject(value)) return false
  try {
    typedCopy(structType(type), value)
    return true
  } catch (error) {
    if (error instanceof Misfit) return false
    throw error
  }
}

function parsed(text: Json | undefined): Json {
  if (typeof text !== 'string') return null
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

/** With another first letter of every field; a null is an absent one. */
function renamed(value: Json, first: (letter: string) => string): Json {
  if (Array.isArray(value)) return value.map(item => renamed(item, first))
  if (!isObject(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(
    members.map(([name, member]) => [first(name.slice(0, 1)) + name.slice(1), renamed(member, first)]),
  )
}
