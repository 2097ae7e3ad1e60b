/**
 * The stand-in for a database: a process that greets whoever connects. A ping waits for the greeting, because a TCP
 * connect alone may be answered by a proxy that stands in front of nothing.
 */
import net from 'node:net'
import { recordStep } from './journal.ts'
import type { AppSettings } from './settings.ts'

const GREETING = 'ready\n'
/** A readiness probe gives up after 1 s by default; the ping must be done by then. */
const PING_LIMIT_MS = 800

export function pingDatabase({ host, port }: AppSettings['database']): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect({ host, port, autoSelectFamily: false })
    const finish = (reachable: boolean): void => {
      socket.destroy()
      resolve(reachable)
    }
    socket.setTimeout(PING_LIMIT_MS, () => finish(false))
    socket.once('data', greeting => finish(greeting.toString() === GREETING))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
  })
}

export function serveDatabase(settings: AppSettings): void {
  const server = net.createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.end(GREETING)
  })
  server.listen(5432, settings.host, () => recordStep('listening'))
  process.on('SIGTERM', () => {
    recordStep('sigterm')
    process.exit(0)
  })
}
