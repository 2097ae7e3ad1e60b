/** Where the resources that the suite uses are served. */
const prefixes = {
  pods: '/api/v1',
  services: '/api/v1',
  configmaps: '/api/v1',
  secrets: '/api/v1',
  serviceaccounts: '/api/v1',
  events: '/api/v1',
  endpoints: '/api/v1',
  persistentvolumeclaims: '/api/v1',
  deployments: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  controllerrevisions: '/apis/apps/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  poddisruptionbudgets: '/apis/policy/v1',
} as const

export type Plural = keyof typeof prefixes

/** `name` may go on into a subresource: `web/scale`. */
export function pathOf(plural: Plural, namespace: string, name?: string): string {
  return `${prefixes[plural]}/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`
}
