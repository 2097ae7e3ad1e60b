/**
 * The way from the harness's machine into a cluster, and what it hides. A Service that has an address out there is used
 * as it is; to any other a node port leads. Pure.
 */
import { isIP } from 'node:net'
import type { Node, Service } from '../kube/types.ts'

export interface HostPath {
  host: string
  port: number
  path: string
  hides: string[]
}

interface Reachable {
  spec: Service['spec'] & { externalIPs?: string[]; ports?: { port: number; nodePort?: number }[] }
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } }
}

const oneNode =
  'Only the rules of the node that was addressed are seen; those of other nodes may follow sooner or later.'
const balancer =
  'A load balancer stands before the nodes: what is refused behind it may arrive as a reset, an empty answer or an ' +
  'answer of its own, and it may keep connections or send a request again.'
const userSpace =
  'The address is on this machine, so a program in user space passes the bytes on: it accepts every connection ' +
  'itself, and what is refused or never answered behind it arrives as a reset.'
const translated = 'The node translates source addresses: which client a pod saw is not known.'

/** Null when nothing leads from here to that port of the Service. `nodes`: best first. */
export function hostPath(service: Service, port: number, nodes: readonly Node[]): HostPath | null {
  const { spec, status } = service as Reachable
  const ingress = status?.loadBalancer?.ingress?.[0]
  const balanced = ingress?.ip ?? ingress?.hostname
  if (balanced !== undefined) return pathTo(balanced, port, 'the load balancer', [balancer])
  const external = spec.externalIPs?.[0]
  if (external !== undefined) return pathTo(external, port, 'the external address', [oneNode])
  const nodePort = spec.ports?.find(each => each.port === port)?.nodePort
  const node = nodes.find(each => addressOf(each) !== null)
  const address = node === undefined ? null : addressOf(node)
  if (nodePort === undefined || node === undefined || address === null) return null
  return pathTo(address, nodePort, `the node port of ${node.metadata.name}`, [oneNode, translated])
}

function pathTo(host: string, port: number, what: string, hides: string[]): HostPath {
  const path = `the harness's machine to ${what}, ${host}:${port}`
  return { host, port, path, hides: isLoopback(host) ? [userSpace, ...hides] : hides }
}

function addressOf({ status }: Node): string | null {
  const addresses = status?.addresses ?? []
  const found = ['ExternalIP', 'InternalIP'].flatMap(type => addresses.filter(each => each.type === type))
  return found[0]?.address ?? null
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** A second Service for the same pods, with a port on every node; the first stays as its owner wrote it. */
export function nodePortService({ metadata, spec }: Service, port: number): Service {
  const original = spec.ports?.find(each => each.port === port)
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `${metadata.name.slice(0, 48)}-rollproof-host` },
    spec: {
      type: 'NodePort',
      ...(spec.selector === undefined ? {} : { selector: spec.selector }),
      ports: [{ port, ...(original?.targetPort === undefined ? {} : { targetPort: original.targetPort }) }],
    },
  }
}
