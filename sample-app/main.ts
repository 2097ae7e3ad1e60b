/**
 * The server under test: `sample-app serve` (the default), `sample-app live` (liveness by the app itself) and
 * `sample-app database` (the stand-in that readiness may depend on).
 */
import { createServer } from 'node:http'
import { existsSync, writeFileSync } from 'node:fs'
import { trackConnections } from './connections.ts'
import { serveDatabase } from './database.ts'
import { recordStep } from './journal.ts'
import { answer } from './routes.ts'
import { readSettings, type AppSettings } from './settings.ts'
import { installShutdown } from './shutdown.ts'

function serve(settings: AppSettings): void {
  const server = createServer({ keepAliveTimeout: settings.keepAliveTimeoutMs }, (request, response) => {
    answer(settings, request, response).catch(() => response.destroy())
  })
  const connections = trackConnections(server)
  installShutdown(settings, server, connections)
  writeFileSync(settings.liveFile, 'live\n')
  setTimeout(() => {
    server.listen({ port: settings.port, host: settings.host, backlog: 511 }, () => recordStep('listening'))
  }, settings.startDelayMs)
}

const settings = readSettings(process.env)
const command = process.argv[2] ?? 'serve'
switch (command) {
  case 'serve':
    serve(settings)
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
