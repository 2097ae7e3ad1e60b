// What server.c does, for a machine without a C compiler. Node's own speed limits the figures then. With `h2c` as an
// argument it speaks HTTP/2 instead.
import { createServer as createHttp2Server } from 'node:http2'
import { createServer } from 'node:net'
import { performance } from 'node:perf_hooks'

const keep = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'
const bye = keep.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
let arrivals = []
let counts = { connections: 0, injected: 0, reused: 0 }
let fault = 0

const serve = socket => {
  counts.connections += 1
  let text = ''
  let uses = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', bytes => {
    text += bytes.toString('latin1')
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const closing = text.slice(0, end).includes('onnection: close')
      text = text.slice(end + 4)
      arrivals.push(performance.now() * 1000)
      uses += 1
      if (uses > 1 && fault > 0 && ++counts.reused % fault === 0) {
        counts.injected += 1
        return socket.end()
      }
      if (closing) return socket.end(bye)
      socket.write(keep)
    }
  })
}

function stats(rate) {
  const late = arrivals.map((at, index) => at - (rate > 0 ? (index * 1e6) / rate : 0))
  const earliest = late.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY)
  const sorted = late.map(at => at - earliest).sort((a, b) => a - b)
  const quantiles = [0.5, 0.99, 0.999].map(q => Math.round(sorted[Math.floor(q * (sorted.length - 1))] ?? 0))
  return [arrivals.length, counts.connections, counts.injected, ...(rate > 0 ? quantiles : [0, 0, 0])]
}

const answer = (stream, headers) => {
  if (headers[':method'] !== 'GET') return stream.close()
  stream.respond({ ':status': 200, 'content-length': '5' })
  stream.end('hello')
}
const server =
  process.argv[2] === 'h2c'
    ? createHttp2Server().on('stream', answer)
    : createServer({ noDelay: true }, serve)
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port))
process.stdin.setEncoding('utf8').on('data', line => {
  const [word, value] = line.trim().split(' ')
  if (word === 'stats') console.log(stats(Number(value)).join(' '))
  if (word === 'fault') fault = Number(value)
  arrivals = []
  counts = { connections: 0, injected: 0, reused: 0 }
})
process.stdin.on('end', () => process.exit(0))
