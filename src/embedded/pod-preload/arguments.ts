/**
 * The many ways to call `listen` and `connect`, brought to one: options, or null for what is no TCP port (a path, a
 * handle, a file descriptor) and is passed on as it came. The rules are those of Node's own documentation.
 */
export interface TcpOptions {
  port: unknown
  host?: unknown
  backlog?: unknown
}

export type Callback = (...args: unknown[]) => void

export interface TcpCall {
  options: TcpOptions & Record<string, unknown>
  callback: Callback | null
}

export function listenCall(args: readonly unknown[]): TcpCall | null {
  const call = socketCall(args)
  // Without a port (or with one that is not written at all) a server listens on a free one.
  if (call === null) return null
  const backlog = call.options.backlog ?? backlogAmong(args)
  return { ...call, options: { ...call.options, ...(backlog === null ? {} : { backlog }) } }
}

export function connectCall(args: readonly unknown[]): TcpCall | null {
  const call = socketCall(args)
  return call === null || !isPort(call.options.port) ? null : call
}

function socketCall(args: readonly unknown[]): TcpCall | null {
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as Callback) : null
  const [first, second] = args
  if (isRecord(first)) {
    const noPort = [first['_handle'], first['handle'], first['fd'], first['path']]
    if (noPort.some(value => value !== undefined && value !== null) || !('port' in first)) return null
    return { options: first as TcpCall['options'], callback }
  }
  if (typeof first === 'string' && !isPort(first)) return null
  const port = typeof first === 'function' || first === undefined || first === null ? 0 : first
  return { options: { port, ...(typeof second === 'string' ? { host: second } : {}) }, callback }
}

function backlogAmong([, second, third]: readonly unknown[]): number | null {
  for (const candidate of [second, third])
    if (typeof candidate === 'number' && candidate > 0) return candidate
  return null
}

function isPort(value: unknown): value is number | string {
  return (
    (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) && Number(value) >= 0
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
