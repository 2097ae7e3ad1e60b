// The command `web` of the suite's image, for the embedded cluster: serves until SIGTERM, then for -grace longer.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const flags = process.argv.slice(2)
const flag = (name, otherwise) => {
  const at = flags.findIndex(word => word === `-${name}`)
  return at === -1 ? otherwise : (flags[at + 1] ?? otherwise)
}
const [host, port] = flag('addr', ':8080').split(':')
const graceMs = Number.parseFloat(flag('grace', '5s')) * (/ms$/.test(flag('grace', '5s')) ? 1 : 1000)

const server = createServer((_, response) => response.end('ok\n')).listen(Number(port), host || '0.0.0.0')
process.on('SIGTERM', async () => {
  await sleep(graceMs)
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
