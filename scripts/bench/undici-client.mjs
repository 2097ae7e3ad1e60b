// undici at its lowest level, as fast as it can: a peer of `npm run bench`. Prints how many answers came.
import { performance } from 'node:perf_hooks'

const [module, port, seconds, connections, fresh] = process.argv.slice(2)
const { Client } = (await import(module)).default
const endMs = performance.now() + Number(seconds) * 1000
let done = 0
let running = Number(connections)

const request = { path: '/', method: 'GET', reset: fresh === '1' }
for (let index = 0; index < Number(connections); index++) {
  const client = new Client(`http://127.0.0.1:${port}`, { pipelining: fresh === '1' ? 0 : 1 })
  const next = () => {
    if (performance.now() < endMs) client.dispatch(request, handler)
    else if (--running === 0) finish()
  }
  const handler = {
    onConnect() {},
    onHeaders: () => true,
    onData: () => true,
    onComplete() {
      done += 1
      next()
    },
    onError: next,
  }
  next()
}

function finish() {
  console.log(done)
  process.exit(0)
}
