// An ES module that asks for a port alone, as Express and Fastify do.
import http from 'node:http'
import { hostname } from 'node:os'

const server = http.createServer((request, response) => response.end(`${hostname()}\n`))
server.listen(8080, () => console.log(`listening on ${JSON.stringify(server.address())}`))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
