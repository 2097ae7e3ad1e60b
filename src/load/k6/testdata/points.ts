/** Points as k6 would write them, for tests: instants are milliseconds since an origin. */
import { requestMetrics, type K6Point } from '../points.ts'

export const originUs = 1_800_000_000_000_000

type Texts = Record<string, string>

export function pointOf(
  metric: string,
  atMs: number,
  { tags = {}, metadata = {}, value = 1 }: { tags?: Texts; metadata?: Texts; value?: number } = {},
): K6Point {
  return { metric, atUs: originUs + atMs * 1000, value, tags, metadata }
}

export interface RequestCase {
  atMs: number
  status?: string
  errorCode?: string
  tags?: Texts
  metadata?: Texts
  spans?: Partial<Record<(typeof requestMetrics)[number], number>>
}

export function requestPoints({
  atMs,
  status = '0',
  errorCode,
  tags = {},
  metadata = {},
  spans = {},
}: RequestCase): K6Point[] {
  const all = { ...tags, status, ...(errorCode === undefined ? {} : { error_code: errorCode }) }
  return requestMetrics.map(metric =>
    pointOf(metric, atMs, { tags: all, metadata, value: metric === 'http_reqs' ? 1 : (spans[metric] ?? 0) }),
  )
}
