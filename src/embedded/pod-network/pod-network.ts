/**
 * The addresses of one cluster, and where they really are. Where the machine has all of 127.0.0.0/8 each pod has an
 * address of its own, and every port of it. Where only 127.0.0.1 exists (macOS), addresses are names: each port of a pod
 * or Service that is used is a port of 127.0.0.1. Everything that dials or listens asks `reach` first.
 */
export interface Reach {
  host: string
  port: number
}

export interface PodNetwork {
  readonly mode: 'loopback' | 'ports'
  node(index: number): string
  /** Never given out twice: a reused address would hide that a client still dials the dead pod. */
  nextPod(nodeIndex: number): string
  nextClusterIP(): string
  /** Whether an address may be a Service's. */
  isClusterIP(address: string): boolean
  /** An address that nobody will listen on, for Services that drop. */
  silent(): { address: string; port: number }
  /** What a pod's sockets are bound to. */
  host(address: string): string
  /** Where a port of an address is; an address that is not this cluster's is where it says. */
  reach(address: string, port: number): Reach
  close(): void
}
