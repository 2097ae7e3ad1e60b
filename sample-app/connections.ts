/** The app's open connections, and which of them have a request in flight: draining is about these two facts. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** As in Go's Server.Shutdown: a connection that never sent a byte counts as idle only after this long. */
const NEW_CONNECTION_IDLE_MS = 5000

export interface Connections {
  readonly open: number
  /** Every answer carries `Connection: close` from now on. */
  announceClose(): void
  /** Ends the connections that have no request in flight. */
  closeIdle(): void
}

export function trackConnections(server: Server): Connections {
  const sockets = new Map<Socket, { inFlight: number; everUsed: boolean; openedAt: number }>()
  const unanswered = new Set<ServerResponse>()
  let announcing = false

  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { inFlight: 0, everUsed: false, openedAt: performance.now() })
    socket.once('close', () => sockets.delete(socket))
  })
  // Before the app's own listener: a streamed answer has sent its headers by the time that one returns.
  server.prependListener('request', (request, response) => {
    const state = sockets.get(request.socket)
    if (state !== undefined) Object.assign(state, { inFlight: state.inFlight + 1, everUsed: true })
    unanswered.add(response)
    if (announcing) response.setHeader('connection', 'close')
    response.once('close', () => {
      unanswered.delete(response)
      if (state !== undefined) state.inFlight -= 1
    })
  })
  // What was a request is a WebSocket now, and in flight until it ends.
  server.on('upgrade', (request: IncomingMessage) => {
    const state = sockets.get(request.socket)
    if (state !== undefined) Object.assign(state, { inFlight: state.inFlight + 1, everUsed: true })
  })

  return {
    get open() {
      return sockets.size
    },
    announceClose() {
      announcing = true
      for (const response of unanswered) if (!response.headersSent) response.setHeader('connection', 'close')
    },
    closeIdle() {
      for (const [socket, { inFlight, everUsed, openedAt }] of sockets) {
        const idle = everUsed || performance.now() - openedAt > NEW_CONNECTION_IDLE_MS
        if (inFlight === 0 && idle) socket.destroy()
      }
    },
  }
}
