/**
 * The load on a kind cluster comes from its control plane, which no experiment disturbs, and goes to the Service's own
 * address, as that of any client in the cluster. One driver is enough for what a scenario asks.
 */
import type { Node } from '../../kube/types.ts'
import type { LoadStarter } from '../context.ts'
import { startLoadJob } from '../load-job/start-load-job.ts'

const DRIVERS = 1
const image = { name: 'rollproof/sample-app-distroless:1', command: ['rollproof-load'] }
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'

export const startLoadOnKind: LoadStarter = async (place, order, service, observer) => {
  const { client, mutations, namespace, clock, signal } = place
  const path = `/api/v1/namespaces/${namespace}/services/${service.name}`
  const { spec } = await client.request<{ spec: { clusterIP: string } }>('GET', path)
  const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const workers = items.filter(({ metadata }) => metadata.labels?.[CONTROL_PLANE] === undefined)
  return startLoadJob({
    client,
    mutations,
    clock,
    signal,
    namespace,
    image,
    order,
    target: { kind: 'address', host: spec.clusterIP, port: service.port },
    shares: DRIVERS,
    avoidNodes: workers.map(({ metadata }) => metadata.name),
    observer,
  })
}
