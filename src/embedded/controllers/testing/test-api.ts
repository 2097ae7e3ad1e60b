/** The API of a test's cluster: the stand-in, or the API server's own registry. */
import type { KubeObject } from '../../../kube/types.ts'
import type { ClusterApi, ResourceName } from '../../cluster-api.ts'
import type { RecordedEvent } from './fake-cluster-api.ts'

/** What a test sees of the API, besides what everybody does. */
export interface TestApi extends ClusterApi {
  readonly events: RecordedEvent[]
  /** Called after each write, with the present state in place. */
  onWrite: (resource: ResourceName, object: KubeObject) => void
  /** Throws the 429 of a disruption budget. */
  evict(namespace: string, pod: string): void
}
