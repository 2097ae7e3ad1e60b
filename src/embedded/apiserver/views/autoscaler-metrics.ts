/**
 * The metrics of an autoscaler between autoscaling/v1, which has them flat, and autoscaling/v2, which groups them into a
 * metric and its target or present value (kubernetes pkg/apis/autoscaling/v1/conversion.go).
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'

/** `target` of a spec, `current` of a status. */
type Part = 'target' | 'current'
type Pair = readonly [flat: string, grouped: string]

const metric: readonly Pair[] = [
  ['metricName', 'metric.name'],
  ['selector', 'metric.selector'],
]

const resource = (part: Part): readonly Pair[] => [
  ['name', 'name'],
  [`${part}AverageUtilization`, `${part}.averageUtilization`],
  [`${part}AverageValue`, `${part}.averageValue`],
]

/** By the field that holds it; a metric's type is the same word with a capital. */
const fields = (part: Part): Readonly<Record<string, readonly Pair[]>> => ({
  object: [
    ['target', 'describedObject'],
    ...metric,
    [`${part}Value`, `${part}.value`],
    ['averageValue', `${part}.averageValue`],
  ],
  pods: [...metric, [`${part}AverageValue`, `${part}.averageValue`]],
  resource: resource(part),
  containerResource: [...resource(part), ['container', 'container']],
  external: [
    ['metricName', 'metric.name'],
    ['metricSelector', 'metric.selector'],
    [`${part}Value`, `${part}.value`],
    [`${part}AverageValue`, `${part}.averageValue`],
  ],
})

const tables = { target: fields('target'), current: fields('current') }

export function flatMetric(item: Json, part: Part): Json {
  return converted(item, part, (content, pairs) =>
    pairs.reduce<JsonObject>((flat, [to, from]) => withValue(flat, [to], valueAt(content, from)), {}),
  )
}

export function groupedMetric(item: Json, part: Part): Json {
  return converted(item, part, (content, pairs) => {
    const grouped = pairs.reduce<JsonObject>(
      (object, [from, to]) => withValue(object, to.split('.'), valueAt(content, from)),
      {},
    )
    const { target } = grouped
    return part === 'target' && isObject(target)
      ? { ...grouped, target: { type: targetType(target), ...target } }
      : grouped
  })
}

/** autoscaling/v1 does not say which of the values counts. */
function targetType({ averageUtilization, averageValue }: JsonObject): string {
  if (averageUtilization !== undefined) return 'Utilization'
  return averageValue === undefined ? 'Value' : 'AverageValue'
}

function converted(
  item: Json,
  part: Part,
  convert: (content: JsonObject, pairs: readonly Pair[]) => JsonObject,
): Json {
  if (!isObject(item)) return item
  const members = Object.entries(item).map(([name, content]) => {
    const pairs = Object.hasOwn(tables[part], name) ? tables[part][name] : undefined
    return [name, pairs !== undefined && isObject(content) ? convert(content, pairs) : content] as const
  })
  return Object.fromEntries(members)
}

function valueAt(object: JsonObject, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((at, name) => (isObject(at) ? at[name] : undefined), object)
}

function withValue(object: JsonObject, [name = '', ...rest]: string[], value: Json | undefined): JsonObject {
  if (value === undefined || value === null) return object
  if (rest.length === 0) return { ...object, [name]: value }
  const inner = object[name]
  return { ...object, [name]: withValue(isObject(inner) ? inner : {}, rest, value) }
}
