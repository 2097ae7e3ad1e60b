/**
 * Where a pod really is on this machine, told to its Node processes by one environment variable, so that a server that
 * listens "on all addresses" listens on its pod's.
 */
export const podPlaceVariable = 'ROLLPROOF_POD'

export interface PodPlace {
  /** The pod's name, which is its host name. */
  hostname: string
  /** The address that the API shows. */
  address: string
  /** The address that sockets are bound to: the same, or 127.0.0.1 where a pod cannot have one of its own. */
  host: string
  /** Ports that are really others, by the number that the program knows. */
  ports: Record<string, number>
}
