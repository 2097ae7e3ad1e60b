/**
 * Loaded by every Node process of a pod before its own code (`NODE_OPTIONS=--require`), so it must be small and quick. It
 * gives an ordinary process what a container would have: PID 1's way with SIGTERM, a host name, and a network in which
 * "all addresses" and "localhost" are the pod's.
 */
import { podPlaceVariable, type PodPlace } from '../../model/pod-place.ts'
import { patchHost } from './host.ts'
import { patchSockets } from './sockets.ts'

/**
 * Node itself catches SIGTERM in C, only to restore the terminal and raise it again with the default action. As PID 1 the
 * second one is ignored by the kernel; here it would kill. Adding and removing a listener once puts the default action
 * in place, so that /proc tells afterwards whether the program has a handler of its own.
 */
const listener = (): void => undefined
process.on('SIGTERM', listener)
process.removeListener('SIGTERM', listener)

const written = process.env[podPlaceVariable]
if (written !== undefined) {
  const place = JSON.parse(written) as PodPlace
  patchHost(place)
  patchSockets(place)
}
