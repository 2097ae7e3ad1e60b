/**
 * A TCP server that speaks just enough HTTP/1.1 to go wrong on purpose, and keeps its own count of what it received:
 * the ground truth against which the driver's samples are checked.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export const faults = [
  'answer',
  'answer-close',
  'answer-until-close',
  'fin-before',
  'reset-before',
  'fin-in-headers',
  'fin-in-body',
  'fin-in-chunks',
  'reset-in-body',
  'unavailable',
  'never',
  'hold',
  'stall-in-body',
  'wrong-id',
  'garbage',
  'answer-then-fin',
  'answer-then-noise',
] as const
export type Fault = (typeof faults)[number]

export interface ReceivedRequest {
  /** 1 on the server's first request. */
  count: number
  /** 1 on the connection's first request. */
  use: number
  line: string
  id: string
  text: string
}

/** What to do with a request; `hold` answers it when the server is told to release. */
export type Script = (request: ReceivedRequest) => Fault

export interface ScriptedServer {
  readonly port: number
  readonly received: ReceivedRequest[]
  /** Ids of the driver's probes, which are always answered and are no part of what was received. */
  readonly probes: string[]
  readonly connections: number
  /** How many connections have more than one request unanswered at a time: must stay 0. */
  readonly pipelined: number
  /** Answers what is held, and holds no more. */
  release(): void
  /** Cuts every open connection and stops listening, as a kill would. */
  kill(): void
  close(): Promise<void>
}

export async function startScriptedServer(script: Script, host = '127.0.0.1'): Promise<ScriptedServer> {
  const received: ReceivedRequest[] = []
  const probes: string[] = []
  const sockets = new Set<Socket>()
  let held: (() => void)[] | null = []
  const counts = { connections: 0, pipelined: 0 }
  const server: Server = createServer({ noDelay: true }, socket => {
    counts.connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let text = ''
    let use = 0
    socket.on('data', bytes => {
      text += bytes.toString('latin1')
      for (let length = requestLength(text); length !== null; length = requestLength(text)) {
        use += 1
        const request = readRequest(text.slice(0, length), received.length + 1, use)
        text = text.slice(length)
        if (text.length > 0) counts.pipelined += 1
        if (request.id.startsWith('probe-')) {
          probes.push(request.id)
          answer(socket, request)
          continue
        }
        received.push(request)
        const action = script(request)
        if (action !== 'hold') act(socket, request, action)
        else if (held === null) answer(socket, request)
        else held.push(() => answer(socket, request))
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, host, 1024, resolve))
  const kill = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    received,
    probes,
    get connections() {
      return counts.connections
    },
    get pipelined() {
      return counts.pipelined
    },
    release() {
      for (const answerHeld of held ?? []) answerHeld()
      held = null
    },
    kill,
    close: () =>
      new Promise(resolve => {
        server.on('close', resolve)
        kill()
      }),
  }
}

function requestLength(text: string): number | null {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return null
  const length = head + 4 + Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length < length ? null : length
}

function readRequest(text: string, count: number, use: number): ReceivedRequest {
  const line = text.slice(0, text.indexOf('\r\n'))
  return { count, use, line, id: /x-request-id: (\S+)/.exec(text)?.[1] ?? '', text }
}

function act(socket: Socket, request: ReceivedRequest, action: Exclude<Fault, 'hold'>): void {
  const head = `HTTP/1.1 200 OK\r\nx-pod: scripted\r\nx-request-id: ${request.id}\r\n`
  switch (action) {
    case 'answer':
      return answer(socket, request)
    case 'answer-close':
      return void socket.end(`${head}Content-Length: 2\r\nConnection: close\r\n\r\nok`)
    case 'answer-until-close':
      return void socket.end(`${head}\r\nok`)
    case 'fin-before':
      return void socket.end()
    case 'reset-before':
      return void socket.resetAndDestroy()
    case 'fin-in-headers':
      return void socket.end(head.slice(0, 30))
    case 'fin-in-body':
      return void socket.end(`${head}Content-Length: 100\r\n\r\nhalf`)
    case 'fin-in-chunks':
      return void socket.end(`${head}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`)
    case 'reset-in-body':
      socket.write(`${head}Content-Length: 100\r\n\r\nhalf`)
      return afterTwoTurns(() => socket.resetAndDestroy())
    case 'unavailable':
      return void socket.end('HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    case 'never':
      return
    case 'stall-in-body':
      return void socket.write(`${head}Content-Length: 100\r\n\r\nhalf`)
    case 'wrong-id':
      return void socket.write('HTTP/1.1 200 OK\r\nx-request-id: another-1\r\nContent-Length: 2\r\n\r\nok')
    case 'garbage':
      return void socket.write('\x15\x03\x01\x00\x02\x02\x16 not HTTP at all')
    case 'answer-then-fin':
      answer(socket, request)
      return void socket.end()
    case 'answer-then-noise':
      answer(socket, request)
      return afterTwoTurns(() => socket.write('HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n'))
  }
}

/**
 * A driver in this same process has read by then what was sent to it: each turn of the loop polls every socket. An RST
 * that arrives together with bytes would be reported as an orderly end (libuv), and the ground truth would be chance.
 */
function afterTwoTurns(action: () => void): void {
  setImmediate(() => setImmediate(() => setImmediate(action)))
}

/** The sample app's answers, close enough. */
function answer(socket: Socket, request: ReceivedRequest): void {
  const close = /connection: close/i.test(request.text)
  const head =
    `HTTP/1.1 200 OK\r\nx-pod: scripted\r\nx-request-id: ${request.id}\r\n` +
    `Connection: ${close ? 'close' : 'keep-alive'}\r\n`
  const body = request.text.slice(request.text.indexOf('\r\n\r\n') + 4) || 'hello'
  const chunks = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\npart \r\n4\r\ntwo.\r\n0\r\n\r\n`
  const whole = `${head}Content-Length: ${body.length}\r\n\r\n${body}`
  socket.write(request.line.startsWith('GET /stream') ? chunks : whole, 'latin1')
  if (close) socket.end()
}
