// Two worker processes that share one port by Node's cluster module.
const cluster = require('node:cluster')
const { createServer } = require('node:http')
const { hostname } = require('node:os')

if (cluster.isPrimary) {
  for (let worker = 0; worker < 2; worker++) cluster.fork()
  process.on('SIGTERM', () => cluster.disconnect(() => process.exit(0)))
} else {
  createServer((request, response) => response.end(`${hostname()}\n`)).listen(8080)
}
