/**
 * k6's output (`--out json`), one JSON object in a line: what of it is of use here. A line that is something else (a
 * script's own summary, say) is none of ours.
 */

export interface K6Point {
  metric: string
  /** Microseconds since the epoch. */
  atUs: number
  value: number
  tags: Readonly<Record<string, string>>
  metadata: Readonly<Record<string, string>>
}

/** The points of one request, in the order in which k6 writes them; the first one begins a request. */
export const requestMetrics = [
  'http_reqs',
  'http_req_duration',
  'http_req_blocked',
  'http_req_connecting',
  'http_req_tls_handshaking',
  'http_req_sending',
  'http_req_waiting',
  'http_req_receiving',
] as const

const wanted: ReadonlySet<string> = new Set([
  ...requestMetrics,
  'dropped_iterations',
  // Once in a second, whatever happens: how far k6's account has come.
  'vus',
  'rollproof_begun',
  'rollproof_done',
])

/** Most lines are of no use, and to know that they need not be parsed: the name of the metric comes first. */
const head = /^\{"metric":"(\w+)","type":"Point"/

/** Null: not a point that is of use. */
export function parsePoint(line: string): K6Point | null {
  const metric = head.exec(line)?.[1]
  if (metric === undefined ? !line.includes('"Point"') : !wanted.has(metric)) return null
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  const { metric: name, type, data } = fieldsOf(value)
  const point = fieldsOf(data)
  if (type !== 'Point' || typeof name !== 'string' || !wanted.has(name)) return null
  const atUs = typeof point.time === 'string' ? instantUs(point.time) : null
  if (atUs === null || typeof point.value !== 'number') return null
  return {
    metric: name,
    atUs,
    value: point.value,
    tags: textsOf(point.tags),
    metadata: textsOf(point.metadata),
  }
}

/** RFC 3339 with up to nine digits of a second, as Go writes it; Date knows only three of them. */
export function instantUs(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (match === null) return null
  const [, seconds = '', fraction = '', zone = 'Z'] = match
  const wholeMs = Date.parse(`${seconds}${zone}`)
  if (Number.isNaN(wholeMs)) return null
  return wholeMs * 1000 + Math.floor(Number(fraction.padEnd(9, '0')) / 1000)
}

type Fields = Record<string, unknown>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(fieldsOf(value)).map(([key, text]) => [key, String(text)]))
}
