/** Paths that answer the same to everybody: discovery, version, OpenAPI. Null = no such path. */
import type { ServerContext } from './server-context.ts'
import { acceptsAggregatedDiscovery } from './accept.ts'
import {
  aggregatedDiscovery,
  aggregatedType,
  apiGroup,
  apiGroupList,
  apiVersions,
  resourceList,
} from './discovery.ts'
import type { Exchange } from './exchange.ts'

export interface FixedAnswer {
  contentType: string
  body: object
}

export function fixedAnswer(context: ServerContext, exchange: Exchange): FixedAnswer | null {
  const path = exchange.path.replace(/\/$/, '')
  if ((path === '/api' || path === '/apis') && acceptsAggregatedDiscovery(exchange))
    return { contentType: aggregatedType, body: aggregatedDiscovery(path === '/api' ? 'api' : 'apis') }
  const body = plainAnswer(context, path)
  return body === null ? null : { contentType: 'application/json', body }
}

function plainAnswer({ kubernetesVersion }: ServerContext, path: string): object | null {
  const parts = path.split('/').slice(1)
  const [root, group = '', version = ''] = parts
  if (path === '')
    return { paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/readyz', '/openapi/v3', '/version'] }
  if (path === '/version') return versionOf(kubernetesVersion)
  if (path === '/api') return apiVersions()
  if (path === '/apis') return apiGroupList()
  if (root === 'api' && parts.length === 2) return resourceList('', group)
  if (root === 'apis' && parts.length === 2) return apiGroup(group)
  if (root === 'apis' && parts.length === 3) return resourceList(group, version)
  return null
}

function versionOf(gitVersion: string): object {
  const [, major = '1', minor = ''] = /^v?(\d+)\.(\d+)/.exec(gitVersion) ?? []
  return {
    major,
    minor,
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    platform: `${process.platform}/${process.arch}`,
  }
}
