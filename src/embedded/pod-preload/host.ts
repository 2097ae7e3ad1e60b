/** The host as a container sees it: named like the pod, with a loopback and one interface that has the pod's address. */
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import type { PodPlace } from '../../model/pod-place.ts'

export function patchHost({ hostname, address }: PodPlace): void {
  const inside = { family: 'IPv4', mac: '00:00:00:00:00:00' } as const
  const loopback = {
    ...inside,
    address: '127.0.0.1',
    netmask: '255.0.0.0',
    internal: true,
    cidr: '127.0.0.1/8',
  }
  const own = { ...inside, address, netmask: '255.255.255.0', internal: false, cidr: `${address}/24` }
  os.hostname = () => hostname
  os.networkInterfaces = () => ({ lo: [{ ...loopback }], eth0: [{ ...own }] })
  // Named imports of ES modules are copies, made when the module was first loaded.
  syncBuiltinESMExports()
}
