// A server as anybody writes it: it knows nothing of pods, and listens on all addresses of its host.
const { createServer } = require('node:http')
const { hostname } = require('node:os')

const server = createServer((request, response) => {
  request.resume()
  response.end(`${hostname()}\n`)
})
server.listen(8080, '0.0.0.0')
process.on('SIGTERM', () => server.close(() => process.exit(0)))
