/**
 * The server under test: `sample-app serve` (the default), `sample-app live` (liveness by the app itself) and
 * `sample-app database` (the stand-in that readiness may depend on).
 */
import { createServer } from 'node:http'
import type { Server } from 'node:net'
import { existsSync, writeFileSync } from 'node:fs'
import { trackConnections, type Connections } from './connections.ts'
import { serveDatabase } from './database.ts'
import { recordStep } from './journal.ts'
import { answer } from './routes.ts'
import { readSettings, type AppSettings } from './settings.ts'
import { installShutdown } from './shutdown.ts'
import { acceptWebSockets } from './websocket.ts'

async function serve(settings: AppSettings): Promise<void> {
  const h2c = settings.protocol === 'h2c'
  const { server, connections } = h2c ? await createHttp2(settings) : createHttp1(settings)
  installShutdown(settings, server, connections)
  writeFileSync(settings.liveFile, 'live\n')
  setTimeout(() => {
    server.listen({ port: settings.port, host: settings.host, backlog: 511 }, () => recordStep('listening'))
  }, settings.startDelayMs)
}

interface Listening {
  server: Server
  connections: Connections
}

function createHttp1(settings: AppSettings): Listening {
  const server = createServer({ keepAliveTimeout: settings.keepAliveTimeoutMs }, (request, response) => {
    answer(settings, request, response).catch(() => response.destroy())
  })
  acceptWebSockets(settings, server)
  return { server, connections: trackConnections(server) }
}

/** HTTP/2 without TLS, for clients that know beforehand. Its module is loaded only here: it takes a tenth of the start. */
async function createHttp2(settings: AppSettings): Promise<Listening> {
  const [{ createServer }, { trackSessions }] = await Promise.all([
    import('node:http2'),
    import('./sessions.ts'),
  ])
  const server = createServer((request, response) => {
    answer(settings, request, response).catch(() => response.stream.destroy())
  })
  return { server, connections: trackSessions(server) }
}

const settings = readSettings(process.env)
const command = process.argv[2] ?? 'serve'
switch (command) {
  case 'serve':
    await serve(settings)
    break
  case 'live':
    process.exitCode = existsSync(settings.liveFile) ? 0 : 1
    break
  case 'database':
    serveDatabase(settings)
    break
  default:
    console.error(`sample-app: unknown command ${command}; expected serve, live or database`)
    process.exitCode = 2
}
