/** From a path to what it names. Everything that names nothing is null: a 404. */
import type { ResourceKind, Subresource } from '../resources.ts'
import { findKind } from '../resources.ts'

export interface ResourceRoute {
  kind: ResourceKind
  /** '' = all namespaces, or a cluster-scoped kind. */
  namespace: string
  /** '' = the collection. */
  name: string
  subresource: Subresource | null
}

/** `/api/v1/namespaces/<ns>/pods/<name>/log`, `/apis/apps/v1/deployments`, … */
export function parseResourcePath(path: string): ResourceRoute | null {
  const parts = decoded(path)
  if (parts === null) return null
  if (parts[0] === 'api') return parseResource('', parts[1] ?? '', parts.slice(2))
  if (parts[0] === 'apis') return parseResource(parts[1] ?? '', parts[2] ?? '', parts.slice(3))
  return null
}

function parseResource(group: string, version: string, parts: string[]): ResourceRoute | null {
  const [first, second, third] = parts
  const inNamespace =
    first === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize'
  const [plural = '', name = '', subresource, ...rest] = inNamespace ? parts.slice(2) : parts
  const kind = findKind(group, version, plural)
  if (kind === null || rest.length > 0) return null
  if (inNamespace !== kind.namespaced && (inNamespace || name !== '')) return null
  const namespace = inNamespace ? (second ?? '') : ''
  if (subresource === undefined) return { kind, namespace, name, subresource: null }
  const known = kind.subresources.find(candidate => candidate === subresource)
  return known === undefined ? null : { kind, namespace, name, subresource: known }
}

function decoded(path: string): string[] | null {
  try {
    const parts = path.split('/').slice(1).map(decodeURIComponent)
    const trimmed = parts.at(-1) === '' ? parts.slice(0, -1) : parts
    return trimmed.includes('') ? null : trimmed
  } catch {
    return null
  }
}
