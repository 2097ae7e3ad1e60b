/**
 * The rights that a run needs, in one table: what is asked of the API server before anything is touched, and the Role and
 * ClusterRole that grant it. Pure.
 */
import { resourceOf } from '../kube/resource-path.ts'
import type { KubeObject } from '../kube/types.ts'

export interface Right {
  group: string
  /** As `pods` or `pods/log`. */
  resource: string
  verbs: readonly string[]
  scope: 'namespace' | 'cluster'
}

/** What the chosen experiments will do. */
export interface Doings {
  /** The manifests that they apply. */
  objects: readonly KubeObject[]
  /** Whether a namespace is made for each. */
  ownNamespace: boolean
  /** A placement, or a drain. */
  cordons: boolean
  drains: boolean
}

type Row = readonly [group: string, resource: string, verbs: string]

/** Witnesses, waiting, and what is measured from inside. */
const inNamespace: readonly Row[] = [
  ['', 'pods', 'get list watch create delete'],
  ['', 'pods/log', 'get'],
  ['', 'pods/exec', 'get create'],
  ['', 'events', 'list watch'],
  ['apps', 'deployments', 'get list watch create patch delete'],
  ['discovery.k8s.io', 'endpointslices', 'list watch'],
  ['batch', 'jobs', 'get create delete'],
]

const ofAnyNamespace: readonly Row[] = [['', 'namespaces', 'get']]
const ofOwnNamespaces: readonly Row[] = [['', 'namespaces', 'get create delete']]
const ofNodes: readonly Row[] = [['', 'nodes', 'list watch']]
const ofCordons: readonly Row[] = [['', 'nodes', 'get patch']]
const ofDrains: readonly Row[] = [
  ['', 'pods', 'list'],
  ['', 'pods/eviction', 'create'],
]

export function rightsFor({ objects, ownNamespace, cordons, drains }: Doings): Right[] {
  const rowsOf = (namespaced: boolean): Row[] =>
    objects
      .map(object => resourceOf(object))
      .filter(kind => kind.namespaced === namespaced)
      .map(({ group, resource }): Row => [group, resource, 'get create patch delete'])
  const work = [...inNamespace, ...rowsOf(true)]
  // In a namespace that does not exist yet nobody can be given rights but by a ClusterRole.
  const here = ownNamespace ? [] : [...work, ...ofAnyNamespace]
  const everywhere = [
    ...(ownNamespace ? [...work, ...ofOwnNamespaces] : []),
    ...rowsOf(false),
    ...ofNodes,
    ...(cordons || drains ? ofCordons : []),
    ...(drains ? ofDrains : []),
  ]
  return [...merged(here, 'namespace'), ...merged(everywhere, 'cluster')]
}

/** One right for each resource, with the verbs of all rows that name it. */
function merged(rows: readonly Row[], scope: Right['scope']): Right[] {
  const rights = new Map<string, { group: string; resource: string; verbs: Set<string> }>()
  for (const [group, resource, verbs] of rows) {
    const key = `${group}/${resource}`
    const right = rights.get(key) ?? { group, resource, verbs: new Set<string>() }
    for (const verb of verbs.split(' ')) right.verbs.add(verb)
    rights.set(key, right)
  }
  return [...rights.values()].map(({ group, resource, verbs }) => ({
    group,
    resource,
    verbs: [...verbs],
    scope,
  }))
}

export interface RoleObject extends KubeObject {
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[]
}

/** The Role (in the namespace) and the ClusterRole that grant the rights; one without rules is left out. */
export function rolesFor(rights: readonly Right[], namespace: string): RoleObject[] {
  const roles = (['namespace', 'cluster'] as const).map((scope): RoleObject => {
    const rules = rights
      .filter(right => right.scope === scope)
      .map(({ group, resource, verbs }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs: [...verbs],
      }))
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: scope === 'namespace' ? 'Role' : 'ClusterRole',
      metadata: scope === 'namespace' ? { name: 'rollproof', namespace } : { name: 'rollproof' },
      rules,
    }
  })
  return roles.filter(({ rules }) => rules.length > 0)
}
