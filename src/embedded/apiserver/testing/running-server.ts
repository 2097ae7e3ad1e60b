/** The server on a real socket, with feeds and logs that a test controls. */
import { systemClock } from '../../../base/clock.ts'
import { LineSplitter } from '../../../base/ndjson.ts'
import { seededRandom } from '../../../base/random.ts'
import type { ForwardingTable } from '../../../model/forwarding.ts'
import type { CommandSource, ContainerLog } from '../../feeds.ts'
import { defaultSettings } from '../../settings.ts'
import type { ApiServer } from '../http.ts'
import { startApiServer } from '../http.ts'
import type { Registry } from '../registry.ts'
import { createRegistry } from '../registry.ts'

export const token = 'secret'

export interface TestRequest {
  method?: string
  body?: string
  headers?: Record<string, string>
  signal?: AbortSignal
}

export interface RunningServer extends ApiServer {
  registry: Registry
  /** By `pod/container`. */
  logs: Map<string, ContainerLog>
  /** Runs the commands of exec; by default no container runs. */
  commands: CommandSource
  publishTable(table: ForwardingTable): void
  tableSubscribers(): number
  request(path: string, init?: TestRequest): Promise<Response>
}

export async function runServer(overrides: Partial<typeof defaultSettings> = {}): Promise<RunningServer> {
  const settings = { ...defaultSettings, ...overrides }
  const registry = createRegistry({ clock: systemClock, settings, random: seededRandom(1) })
  const logs = new Map<string, ContainerLog>()
  const commands: CommandSource = { run: () => null }
  const subscribers = new Set<(table: ForwardingTable) => void>()
  const server = await startApiServer({
    registry,
    clock: systemClock,
    settings,
    token,
    port: 0,
    host: '127.0.0.1',
    kubernetesVersion: 'v1.34.4',
    forwarding: {
      subscribe(node, onTable) {
        const listener = (table: ForwardingTable): void => {
          if (node === null || node === table.node) onTable(table)
        }
        subscribers.add(listener)
        return () => void subscribers.delete(listener)
      },
    },
    relays: { list: () => [] },
    facts: { vantage: 'control-plane', settings: {} },
    containers: { subscribe: () => () => undefined },
    logs: { locate: (_namespace, pod, container) => logs.get(`${pod}/${container}`) ?? null },
    commands: { run: (...command) => commands.run(...command) },
    reach: (host, port) => ({ host, port }),
  })
  return {
    ...server,
    registry,
    logs,
    commands,
    publishTable: table => subscribers.forEach(send => send(table)),
    tableSubscribers: () => subscribers.size,
    request: (path, init = {}) =>
      fetch(server.url + path, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } }),
  }
}

/** The lines of a stream, one at a time. */
export async function* linesOf<T>(response: Response): AsyncGenerator<T> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  const waiting: string[] = []
  const splitter = new LineSplitter(line => waiting.push(line))
  for await (const chunk of response.body) {
    splitter.push(decoder.decode(chunk as Uint8Array, { stream: true }))
    for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) yield JSON.parse(line) as T
  }
}

export async function take<T>(lines: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) {
    const next = await lines.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}
