/**
 * All of Node's TCP goes through two methods: net.Server.listen and net.Socket.connect (http, https, http2, tls, fetch and
 * every framework on them). Here "all addresses", "localhost" and the pod's own name become the address that the pod
 * really has, and a port becomes the real one. The program is told what it asked for: `server.address()` answers as in a
 * container.
 */
import { Server, Socket, type AddressInfo } from 'node:net'
import type { PodPlace } from '../../model/pod-place.ts'
import { connectCall, listenCall, type TcpCall } from './arguments.ts'

type Method<This> = (this: This, ...args: unknown[]) => unknown

/** A method of a prototype, to be replaced by one that calls it. */
function methodOf<This>(prototype: This, name: keyof This): Method<This> {
  return prototype[name] as Method<This>
}

const everyAddress = new Set(['', '0.0.0.0', '::', '::0', '0:0:0:0:0:0:0:0', '[::]'])
const localhost = new Set([
  'localhost',
  '127.0.0.1',
  '::1',
  '0:0:0:0:0:0:0:1',
  '[::1]',
  'localhost.localdomain',
])
/** Nothing listens there, so that a port which nobody of the pod has is refused, and nothing leaves the machine. */
const refusingPort = 1

export function patchSockets(place: PodPlace): void {
  const ports = new PodPorts(place)
  const names = new Set([place.address, place.hostname])
  const isOwn = (host: unknown): boolean =>
    host === undefined ||
    host === null ||
    (typeof host === 'string' && (localhost.has(host) || names.has(host)))
  patchListen(place, ports, host => isOwn(host) || everyAddress.has(String(host)))
  patchConnect(place, ports, names, host => isOwn(host) || everyAddress.has(String(host)))
}

/** The port numbers that the program knows, and the real ones. */
class PodPorts {
  readonly #known: Map<number, number>
  readonly #real: ReadonlySet<number>
  /** Whether the pod has an address, and with it every port, for itself. */
  readonly hasAllPorts: boolean

  constructor({ address, host, ports }: PodPlace) {
    this.#known = new Map(Object.entries(ports).map(([port, real]) => [Number(port), real]))
    this.#real = new Set(Object.values(ports))
    this.hasAllPorts = address === host
  }

  /** 0 for any free one. A real port is left as it is: a worker of `cluster` asks its primary for one. */
  toListen(port: number): number {
    if (port === 0) return 0
    return this.real(port) ?? (this.hasAllPorts ? port : 0)
  }

  real(port: number): number | null {
    return this.#known.get(port) ?? (this.#real.has(port) ? port : this.hasAllPorts ? port : null)
  }

  /** A port that nobody declared got a free number; other parts of this process find it. */
  learn(port: number, real: number): void {
    if (port !== 0 && port !== real) this.#known.set(port, real)
  }
}

function patchListen(place: PodPlace, ports: PodPorts, isOwn: (host: unknown) => boolean): void {
  const asked = new WeakMap<Server, { address: string; family: string; port: number }>()
  const listen = methodOf(Server.prototype, 'listen')
  const address = methodOf(Server.prototype, 'address') as (this: Server) => AddressInfo | string | null

  const listenInPod: Method<Server> = function (this: Server, ...args) {
    const call = listenCall(args)
    if (call === null || !isOwn(call.options.host)) return Reflect.apply(listen, this, args)
    const port = Number(call.options.port ?? 0)
    asked.set(this, { ...shownAddress(call.options.host), port })
    this.once('listening', () => {
      const bound = Reflect.apply(address, this, [])
      if (typeof bound === 'object' && bound !== null) ports.learn(port, bound.port)
    })
    return Reflect.apply(listen, this, argumentsOf(call, place.host, ports.toListen(port)))
  }
  Server.prototype.listen = listenInPod as typeof Server.prototype.listen

  Server.prototype.address = function (this: Server) {
    const bound = Reflect.apply(address, this, [])
    const shown = asked.get(this)
    if (typeof bound !== 'object' || bound === null || shown === undefined) return bound
    return { ...shown, port: shown.port === 0 ? bound.port : shown.port }
  }
}

/** Without a host Node listens on `::`, which takes IPv4 too. */
function shownAddress(host: unknown): { address: string; family: string } {
  const written = typeof host === 'string' && host !== '' ? host : '::'
  const shown = written === 'localhost' ? '127.0.0.1' : written.replace(/^\[(.*)\]$/, '$1')
  return { address: shown, family: shown.includes(':') ? 'IPv6' : 'IPv4' }
}

function patchConnect(
  place: PodPlace,
  ports: PodPorts,
  names: ReadonlySet<string>,
  isOwn: (host: unknown) => boolean,
): void {
  const connect = methodOf(Socket.prototype, 'connect')
  const connectInPod: Method<Socket> = function (this: Socket, ...args) {
    // Node's own modules hand over one list of options and callback.
    const [first] = args
    const list = Array.isArray(first) ? (first as unknown[]) : null
    const call = connectCall(list ?? args)
    if (call === null || !isOwn(call.options.host)) return Reflect.apply(connect, this, args)
    const real = ports.real(Number(call.options.port))
    // Where the machine's localhost is everybody's, a port that is not the pod's is a Service's, or another program's.
    if (real === null && !names.has(String(call.options.host))) return Reflect.apply(connect, this, args)
    const translated = argumentsOf(call, place.host, real ?? refusingPort)
    if (list === null) return Reflect.apply(connect, this, translated)
    list[0] = translated[0]
    return Reflect.apply(connect, this, args)
  }
  Socket.prototype.connect = connectInPod as typeof Socket.prototype.connect
}

function argumentsOf({ options, callback }: TcpCall, host: string, port: number): unknown[] {
  const translated = { ...options, host, port, ipv6Only: false, family: 4 }
  return callback === null ? [translated] : [translated, callback]
}
