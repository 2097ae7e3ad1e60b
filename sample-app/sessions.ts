/** The same two facts as in connections.ts, for HTTP/2: its sessions, and which of them have a stream open. */
import type { Http2Server, ServerHttp2Session } from 'node:http2'
import type { Connections } from './connections.ts'

export function trackSessions(server: Http2Server): Connections {
  const sessions = new Map<ServerHttp2Session, number>()
  server.on('session', session => {
    sessions.set(session, 0)
    session.on('error', () => session.destroy())
    session.once('close', () => sessions.delete(session))
    session.on('stream', stream => {
      sessions.set(session, (sessions.get(session) ?? 0) + 1)
      stream.once('close', () => {
        if (sessions.has(session)) sessions.set(session, (sessions.get(session) ?? 1) - 1)
      })
    })
  })

  return {
    get open() {
      return sessions.size
    },
    /** GOAWAY: what is open may end, and nothing new may come. */
    announceClose() {
      for (const session of sessions.keys()) session.close()
    },
    closeIdle() {
      for (const [session, streams] of sessions) if (streams === 0) session.destroy()
    },
  }
}
