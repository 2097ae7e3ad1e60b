/** What form of answer a client accepts: the objects as they are, their metadata alone, or a Table; all as JSON. */
import { badRequest, failure } from '../api-errors.ts'
import type { IncludeObject } from '../tables/table.ts'
import type { AggregatedVersion } from './discovery.ts'
import type { Exchange } from './exchange.ts'

export type AnswerForm = { type: 'json' } | { type: 'metadata' } | { type: 'table'; include: IncludeObject }

const representations = 'application/json, application/json;stream=watch'

export function answerForm({ request, query }: Exchange): AnswerForm {
  const ranges = (request.headers.accept ?? '*/*').split(',').map(range => range.trim())
  let spoken = false
  for (const range of ranges) {
    const [media = '', ...parameters] = range.split(';').map(part => part.trim())
    if (media !== 'application/json' && media !== 'application/*' && media !== '*/*' && media !== '') continue
    spoken = true
    const as = parameters.find(parameter => parameter.startsWith('as='))?.slice(3)
    if (as === undefined) return { type: 'json' }
    if (!parameters.includes('v=v1')) continue
    if (as === 'Table') return { type: 'table', include: includeOf(query) }
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { type: 'metadata' }
  }
  throw spoken
    ? failure(406, 'NotAcceptable', 'only the following media types are accepted: application/json')
    : failure(
        406,
        'NotAcceptable',
        `406: Not Acceptable\n\nAvailable representations: ${representations}`,
        {},
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
