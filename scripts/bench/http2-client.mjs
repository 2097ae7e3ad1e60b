// node:http2 over plain TCP, ten connections of five streams, as fast as it can: a peer of `npm run bench`.
import { connect } from 'node:http2'
import { performance } from 'node:perf_hooks'

const [port, seconds] = process.argv.slice(2)
const endMs = performance.now() + Number(seconds) * 1000
let done = 0

function next(session) {
  if (performance.now() >= endMs) return finish()
  const stream = session.request({ ':path': '/' })
  let answered = false
  stream.on('response', () => (answered = true))
  stream.on('data', () => undefined)
  stream.on('end', () => {
    if (answered && stream.rstCode === 0) done += 1
    next(session)
  })
}

for (let index = 0; index < 10; index++) {
  const session = connect(`http://127.0.0.1:${port}`)
  for (let stream = 0; stream < 5; stream++) next(session)
}

function finish() {
  console.log(done)
  process.exit(0)
}
