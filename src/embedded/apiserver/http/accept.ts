/** What form of answer a client accepts: JSON as it is, its metadata alone, or a Table. Everything else this server does not speak. */
import { badRequest, failure } from '../api-errors.ts'
import type { IncludeObject } from '../tables/table.ts'
import type { AggregatedVersion } from './discovery.ts'
import type { Exchange } from './exchange.ts'

export type AnswerForm = { type: 'json' } | { type: 'metadata' } | { type: 'table'; include: IncludeObject }

export function answerForm({ request, query }: Exchange): AnswerForm {
  const ranges = (request.headers.accept ?? '*/*').split(',').map(range => range.trim())
  for (const range of ranges) {
    const [media = '', ...parameters] = range.split(';').map(part => part.trim())
    if (media !== 'application/json' && media !== 'application/*' && media !== '*/*') continue
    const as = parameters.find(parameter => parameter.startsWith('as='))?.slice(3)
    if (as === undefined) return { type: 'json' }
    const v1 = parameters.includes('v=v1')
    if ((as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') && v1)
      return { type: 'metadata' }
    if (as === 'Table' && v1) return { type: 'table', include: includeOf(query) }
  }
  throw failure(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io',
  )
}

function includeOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`)
}

/** Discovery in one piece, for clients that name it. */
export function aggregatedDiscoveryVersion(
  { request }: Exchange,
  versions: readonly AggregatedVersion[],
): AggregatedVersion | null {
  for (const range of (request.headers.accept ?? '').split(',')) {
    const parameters = range.split(';').map(part => part.trim())
    if (!parameters.includes('g=apidiscovery.k8s.io')) continue
    if (!parameters.includes('as=APIGroupDiscoveryList')) continue
    const version = versions.find(name => parameters.includes(`v=${name}`))
    if (version !== undefined) return version
  }
  return null
}
