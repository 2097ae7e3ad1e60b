/**
 * Five ways of reacting to SIGTERM, from the one that loses most to the one that loses nothing.
 *
 *   exit        ends at once, whatever is in flight
 *   ignore      installs no handler (and PID 1 without a handler ignores the signal)
 *   close-idle  stops listening, closes idle connections at once and again as they become idle, lets requests in flight
 *               end (what Go's Server.Shutdown does): a request on its way over an idle connection is lost
 *   announce    stops listening, says on what is open that it is going (`Connection: close`, GOAWAY, the event `end`,
 *               close frame 1001), ends when all clients have gone
 *   cut         stops listening, goes on answering with keep-alive, cuts everything at the time limit
 */
import { rmSync } from 'node:fs'
import net from 'node:net'
import type { Connections } from './connections.ts'
import { announceDraining } from './draining.ts'
import { recordStep } from './journal.ts'
import type { AppSettings } from './settings.ts'

const IDLE_SWEEP_MS = 20

export function installShutdown(settings: AppSettings, server: net.Server, connections: Connections): void {
  if (settings.shutdown === 'ignore') return
  process.once('SIGTERM', () => {
    recordStep('sigterm')
    if (settings.shutdown === 'exit' || !server.listening) end(settings)

    // `server.close()` of node:http would also close idle connections; here that is a choice of its own.
    recordStep('listener-closing')
    net.Server.prototype.close.call(server)
    recordStep('listener-closed')
    setTimeout(() => {
      if (connections.open > 0) recordStep('draining-cut')
      end(settings)
    }, settings.shutdownLimitMs)
    if (settings.shutdown === 'cut') return

    if (settings.shutdown === 'announce') {
      connections.announceClose()
      announceDraining()
    }
    const sweep = (): void => {
      if (settings.shutdown === 'close-idle') connections.closeIdle()
      if (connections.open === 0) end(settings)
    }
    sweep()
    setInterval(sweep, IDLE_SWEEP_MS)
  })
}

function end(settings: AppSettings): never {
  rmSync(settings.liveFile, { force: true })
  recordStep('exiting')
  process.exit(0)
}
