/** Where the comparison of a new object begins. */
import type { ResourceName } from '../../cluster-api.ts'
import type { JsonObject } from '../../store/json.ts'

const emptyTemplate: JsonObject = { metadata: {}, spec: { containers: [] } }

/** What an object without content already has in Kubernetes, since it is no optional field there: nobody owns that. */
export function emptyObject(resource: ResourceName): JsonObject {
  const always: JsonObject = { metadata: {}, status: {} }
  switch (resource) {
    case 'pods':
      return { ...always, spec: { containers: [] } }
    case 'deployments':
      return { ...always, spec: { template: emptyTemplate, strategy: {} } }
    case 'replicasets':
      return { ...always, spec: { template: emptyTemplate } }
    case 'events':
      return { ...always, source: {} }
    default:
      return { ...always, spec: {} }
  }
}
