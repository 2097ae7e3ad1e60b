/**
 * A server of HTTP/1.1, written on a bare socket and after the RFCs alone, that does one thing of a list to each request,
 * at random, and counts what a client must make of it. It shares no code with the driver or with the driver's own tests.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { Random } from '../../base/random.ts'
import { count, dealer, type TrapServer } from './dealing.ts'
import { listening } from './listening.ts'

export interface Trap {
  name: string
  /** The class of failure that it is; null where the answer is whole. */
  expected: string | null
  /** What is written at once. */
  text: string
  then?: 'keep' | 'end' | 'reset' | 'hang'
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const head = (...lines: string[]): string => `HTTP/1.1 200 OK\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`
const chunked = (body: string, ...lines: string[]): string => head('Transfer-Encoding: chunked', ...lines) + body

const whole = (name: string, text: string, then: Trap['then'] = 'keep'): Trap => ({ name, expected: null, text, then })
const broken = (name: string, expected: string, text: string, then: Trap['then'] = 'keep'): Trap => ({
  name,
  expected,
  text,
  then,
})

export const http1Traps: readonly Trap[] = [
  whole('plain', OK),
  whole('interim answers', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`),
  whole('chunks', chunked('2\r\nok\r\n0\r\n\r\n')),
  whole('chunk extensions', chunked('2;a=b;c="d;e"\r\nok\r\n0;last\r\n\r\n')),
  whole('trailers', chunked('2\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n')),
  whole('codings before chunked', chunked('2\r\nok\r\n0\r\n\r\n').replace('chunked', 'gzip, Chunked')),
  whole('both lengths', chunked('2\r\nok\r\n0\r\n\r\n', 'Content-Length: 99')),
  whole('leading zeros', head('Content-Length: 0002') + 'ok'),
  whole('space around a length', head('Content-Length: \t 2 \t') + 'ok'),
  whole('the same length twice', head('Content-Length: 2', 'content-length: 2') + 'ok'),
  whole('a folded header', head('X-Note: a', ' b', 'Content-Length:', '\t2') + 'ok'),
  whole('chunk sizes of many digits', chunked('0000000000002\r\nok\r\n0\r\n\r\n')),
  whole('until the end', `${head()}ok`, 'end'),
  whole('until the end, and a coding', `${head('Transfer-Encoding: gzip')}ok`, 'end'),
  whole('HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'end'),
  whole('HTTP/1.0 that is kept', 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok'),
  whole('no reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok'),
  whole('204', 'HTTP/1.1 204 No Content\r\n\r\n'),
  whole('204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'),
  whole('204 with a body', 'HTTP/1.1 204 No Content\r\n\r\nsurprise'),
  whole('bytes after an answer', `${OK}\0\0garbage`),
  whole('two answers', OK + OK.replace('200 OK', '503 No')),
  whole('an end right after an answer', OK, 'end'),
  // It says so: a client that may send again can do so before the RST, and what is sent then never arrives.
  whole('an RST right after an answer', head('Connection: close', 'Content-Length: 2') + 'ok', 'reset'),
  broken('302', 'http.3xx', 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'),
  broken('304 with a length', 'http.3xx', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'),
  broken('404', 'http.4xx', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'),
  broken('503', 'http.5xx', 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'),
  broken('503, and an end', 'http.5xx', 'HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno', 'end'),
  broken('101 unasked', 'http.1xx', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', 'hang'),
  broken('interim answers without end', 'http.malformed', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(2000), 'hang'),
  broken('another protocol', 'http.malformed', 'SSH-2.0-OpenSSH_9.9\r\n', 'hang'),
  broken('lower case', 'http.malformed', OK.toLowerCase(), 'hang'),
  broken('no status', 'http.malformed', 'HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok', 'hang'),
  broken('a status of two digits', 'http.malformed', OK.replace('200', '20'), 'hang'),
  broken('two lengths', 'http.malformed', `${head('Content-Length: 2', 'Content-Length: 3')}ok`, 'hang'),
  broken('a list of lengths', 'http.malformed', `${head('Content-Length: 2, 3')}ok`, 'hang'),
  broken('a signed length', 'http.malformed', `${head('Content-Length: +2')}ok`, 'hang'),
  broken('a negative length', 'http.malformed', `${head('Content-Length: -2')}ok`, 'hang'),
  broken('a length in hex', 'http.malformed', `${head('Content-Length: 0x2')}ok`, 'hang'),
  broken('a length with a space in it', 'http.malformed', `${head('Content-Length: 1 2')}ok`, 'hang'),
  broken('no length at all', 'http.malformed', `${head('Content-Length:')}ok`, 'hang'),
  broken('lines that end in LF alone', 'http.malformed', OK.replaceAll('\r', ''), 'hang'),
  broken('one line that ends in LF alone', 'http.malformed', `${head('X-Note: a\nContent-Length: 2')}ok`, 'hang'),
  broken('a space before the colon', 'http.malformed', `${head('Content-Length : 2')}ok`, 'hang'),
  broken('a header without a colon', 'http.malformed', `${head('Content-Length')}ok`, 'hang'),
  broken('a head without end', 'http.malformed', head().replace('\r\n\r\n', '\r\nX: ') + 'x'.repeat(80_000), 'hang'),
  broken('a chunk size in words', 'http.malformed', chunked('two\r\nok\r\n0\r\n\r\n'), 'hang'),
  broken('a signed chunk size', 'http.malformed', chunked('+2\r\nok\r\n0\r\n\r\n'), 'hang'),
  broken('a chunk size with 0x', 'http.malformed', chunked('0x2\r\nok\r\n0\r\n\r\n'), 'hang'),
  broken('a chunk longer than it says', 'http.malformed', chunked('2\r\nokay\r\n0\r\n\r\n'), 'hang'),
  broken('an end before an answer', 'closed.before-response', '', 'end'),
  broken('an end in an interim answer', 'closed.mid-headers', 'HTTP/1.1 100 Continue\r\n\r\n', 'end'),
  broken('an end in the status line', 'closed.mid-headers', 'HTTP/1.1 2', 'end'),
  broken('an end in the head', 'closed.mid-headers', OK.slice(0, 25), 'end'),
  broken('an end before the body', 'closed.mid-body', head('Content-Length: 2'), 'end'),
  broken('an end in the body', 'closed.mid-body', `${head('Content-Length: 3')}ok`, 'end'),
  broken('an end before the chunks', 'closed.mid-body', chunked(''), 'end'),
  broken('an end in a chunk', 'closed.mid-body', chunked('5\r\nok'), 'end'),
  broken('an end before the last chunk', 'closed.mid-body', chunked('2\r\nok\r\n'), 'end'),
  broken('an end in the trailers', 'closed.mid-body', chunked('2\r\nok\r\n0\r\nX: y\r\n'), 'end'),
  broken('an RST right behind a body that only the end delimits', 'reset.mid-body', 'HTTP/1.1 200 OK\r\n\r\nok', 'reset'),
  broken('an RST before an answer', 'reset.before-response', '', 'reset'),
  broken('no answer', 'timeout.first-byte', '', 'hang'),
  broken('a head that stops', 'timeout.headers', OK.slice(0, 25), 'hang'),
  broken('a body that stops', 'timeout.body', `${head('Content-Length: 3')}ok`, 'hang'),
  broken('chunks that stop', 'timeout.body', chunked('2\r\nok\r\n'), 'hang'),
]

/** Deals each request one of `traps`: all of them in some order, and again in another. */
export async function trapHttp1(random: Random, traps: readonly Trap[] = http1Traps): Promise<TrapServer> {
  const sockets = new Set<Socket>()
  const deal = dealer(random, traps)
  const server: Server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    sockets.add(socket)
    let seen = ''
    let ended = false
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('end', () => socket.end())
    socket.on('data', bytes => {
      seen += bytes.toString('latin1')
      const end = seen.indexOf('\r\n\r\n')
      if (end === -1) return
      const asked = seen.slice(0, end).toLowerCase()
      seen = seen.slice(end + 4)
      told.arrived += 1
      // The client did not know yet: its request and the end passed each other.
      if (ended) return count(told.expected, 'closed.before-response')
      const trap = deal()
      if (trap.expected !== null) count(told.expected, trap.expected)
      if (trap.text !== '') socket.write(trap.text, 'latin1')
      const then = trap.then ?? 'keep'
      ended = then === 'end' || (then === 'keep' && asked.includes('\r\nconnection: close'))
      if (then === 'reset') socket.resetAndDestroy()
      else if (ended) socket.end()
    })
  })
  const told: TrapServer = { ...(await listening(server, sockets)), arrived: 0, expected: {} }
  return told
}
