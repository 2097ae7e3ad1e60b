/**
 * Where the load on a real cluster comes from. From inside: drivers in pods, on nodes that nothing happens to, straight to
 * the Service's own address, as its clients in the cluster do. From the host: a driver of this machine, by whatever way
 * leads in; the report says what that way hides.
 */
import type { KubeObject, Node, Pod, Service } from '../kube/types.ts'
import type { LoadRecord, LoadSource } from '../model/remote-load.ts'
import type { LoadPlace, LoadStarter } from './context.ts'
import { driverNodes } from './driver-nodes.ts'
import { hostPath, nodePortService, type HostPath } from './host-path.ts'
import { startLoadJob } from './load-job/start-load-job.ts'
import { renderLoadJob, type LoadImage } from './load-job/render.ts'
import { startLocalLoad } from './load-process.ts'
import type { ServicePort } from './cluster.ts'

/** One carries what a scenario asks for with room to spare; more of them make a client of several addresses. */
const DRIVERS = 1
const PLANNED_DEADLINE_SECONDS = 960

/** The image that holds the driver's program beside the sample app. */
export const driverImage: LoadImage = {
  name: 'rollproof/sample-app-distroless:1',
  command: ['rollproof-load'],
}

export function startLoadFrom(source: LoadSource, image = driverImage, shares = DRIVERS): LoadStarter {
  if (source === 'host') return startFromHost
  return async (place, order, service, observer) => {
    const { client, mutations, namespace, clock, signal } = place
    const { spec } = await readService(place, service)
    const { avoid, why } = await choice(place, service.name, spec)
    const host = spec.clusterIP ?? ''
    if (host === '' || host === 'None')
      throw new Error(
        `Service ${service.name} has no address of its own: the load needs one with a ClusterIP`,
      )
    return startLoadJob({
      client,
      mutations,
      clock,
      signal,
      namespace,
      image,
      order,
      target: { kind: 'address', host, port: service.port },
      shares,
      avoidNodes: avoid,
      whyThere: why,
      observer,
    })
  }
}

/** As a dry run shows it: the real one's name, and how long it may live, are told when it starts. */
export function plannedLoadJob(namespace: string, avoidNodes: readonly string[]): KubeObject {
  const name = 'rollproof-load-NAME'
  const activeDeadlineSeconds = PLANNED_DEADLINE_SECONDS
  const plan = { name, namespace, image: driverImage, shares: DRIVERS, avoidNodes, activeDeadlineSeconds }
  return renderLoadJob({ ...plan, runLabels: {} })
}

const startFromHost: LoadStarter = async (place, order, service, observer) => {
  const { host, port, path, hides } = await wayIn(place, service)
  const load = startLocalLoad({ ...order, target: { kind: 'address', host, port } }, place.clock, observer)
  const record: LoadRecord = { from: 'host', path, hides, drivers: [] }
  return { ...load, record: () => record }
}

async function wayIn(place: LoadPlace, service: ServicePort): Promise<HostPath> {
  const found = await readService(place, service)
  const { avoid } = await choice(place, service.name, found.spec)
  const { items } = await place.client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const nodes = items.filter(({ metadata }) => !avoid.includes(metadata.name))
  const direct = hostPath(found, service.port, nodes)
  if (direct !== null) return direct
  const made = await place.mutations.create(nodePortService(found, service.port), place.namespace)
  const way = hostPath(made, service.port, nodes)
  if (way === null)
    throw new Error(`no way leads from this machine to Service ${service.name}: no node has an address`)
  return way
}

function readService({ client, namespace }: LoadPlace, { name }: ServicePort): Promise<Service> {
  return client.request<Service>('GET', `/api/v1/namespaces/${namespace}/services/${name}`)
}

async function choice({ client, namespace }: LoadPlace, name: string, { selector = {} }: Service['spec']) {
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`)
  const query = `labelSelector=${encodeURIComponent(labels.join(','))}`
  const [nodes, pods] = await Promise.all([
    client.request<{ items: Node[] }>('GET', '/api/v1/nodes'),
    client.request<{ items: Pod[] }>('GET', `/api/v1/namespaces/${namespace}/pods?${query}`),
  ])
  return driverNodes(nodes.items, pods.items, name)
}
