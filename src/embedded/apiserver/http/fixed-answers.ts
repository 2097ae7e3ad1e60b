/** Paths that answer the same to everybody: discovery, version, OpenAPI. Null = no such path. */
import type { ServerContext } from './server-context.ts'
import { aggregatedDiscoveryVersion } from './accept.ts'
import {
  aggregatedDiscovery,
  aggregatedType,
  apiGroup,
  apiGroupList,
  apiVersions,
  resourceList,
  type AggregatedVersion,
} from './discovery.ts'
import type { Exchange } from './exchange.ts'

export interface FixedAnswer {
  contentType: string
  body: object
}

export function fixedAnswer(context: ServerContext, exchange: Exchange): FixedAnswer | null {
  const path = exchange.path.replace(/\/$/, '')
  if (path === '/api' || path === '/apis') {
    const version = aggregatedDiscoveryVersion(exchange, aggregatedVersions(context.kubernetesVersion))
    if (version !== null)
      return {
        contentType: aggregatedType(version),
        body: aggregatedDiscovery(path === '/api' ? 'api' : 'apis', version),
      }
  }
  const body = plainAnswer(context, exchange, path)
  return body === null ? null : { contentType: 'application/json', body }
}

/** Versions from 1.33 on have dropped the beta. */
function aggregatedVersions(kubernetesVersion: string): AggregatedVersion[] {
  return minorOf(kubernetesVersion) < 33 ? ['v2', 'v2beta1'] : ['v2']
}

export function minorOf(gitVersion: string): number {
  return Number(/^v?1\.(\d+)/.exec(gitVersion)?.[1])
}

function plainAnswer(
  { kubernetesVersion }: ServerContext,
  { request }: Exchange,
  path: string,
): object | null {
  const parts = path.split('/').slice(1)
  const [root, group = '', version = ''] = parts
  if (path === '')
    return {
      paths: [
        '/api',
        '/api/v1',
        '/apis',
        '/healthz',
        '/livez',
        '/readyz',
        '/openapi/v2',
        '/openapi/v3',
        '/version',
      ],
    }
  if (path === '/version') return versionOf(kubernetesVersion)
  if (path === '/api') return apiVersions(request.headers.host ?? '')
  if (path === '/apis') return apiGroupList()
  if (root === 'api' && parts.length === 2) return resourceList('', group)
  if (root === 'apis' && parts.length === 2) return apiGroup(group)
  if (root === 'apis' && parts.length === 3) return resourceList(group, version)
  return null
}

function versionOf(gitVersion: string): object {
  const minor = minorOf(gitVersion)
  const compatibility = {
    emulationMajor: '1',
    emulationMinor: String(minor),
    minCompatibilityMajor: '1',
    minCompatibilityMinor: String(minor - 1),
  }
  return {
    major: '1',
    minor: String(minor),
    ...(minor < 33 ? {} : compatibility),
    gitVersion,
    gitCommit: '0'.repeat(40),
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    // No Go is in here, and a client may look for a word.
    goVersion: `node${process.version}`,
    compiler: 'node',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  }
}
