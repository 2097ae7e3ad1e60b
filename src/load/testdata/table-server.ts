/** A forwarding stream under the test's control: tables go out when the test says so. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toLine } from '../../base/ndjson.ts'
import type { LoadTarget } from '../../model/load.ts'

export interface TableServer {
  readonly target: LoadTarget
  readonly tokens: (string | undefined)[]
  /** Publishes a table with these endpoint ports; a client that comes later gets the last one first. */
  publish(ports: number[]): void
  publishLine(line: string): void
  cut(): void
  close(): Promise<void>
}

export async function startTableServer(): Promise<TableServer> {
  const clients = new Set<ServerResponse>()
  const tokens: (string | undefined)[] = []
  let last = ''
  let version = 0
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization)
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.flushHeaders()
    clients.add(response)
    response.on('close', () => clients.delete(response))
    if (last !== '') response.write(last)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/forwarding`
  const publishLine = (line: string): void => {
    last = line
    for (const client of clients) client.write(line)
  }
  const cut = (): void => {
    for (const client of clients) client.destroy()
  }
  return {
    target: { kind: 'forwarding', url, token: 'secret', service: 'default/web:8080' },
    tokens,
    publish(ports) {
      version += 1
      const endpoints = ports.map(port => ({ address: '127.0.0.1', port, pod: `web-${port}` }))
      const rejectAnswers = { intervalMs: 0, burst: 1 }
      const services = [{ service: 'default/web:8080', clusterIP: '127.1.0.1', endpoints, fallback: false }]
      publishLine(toLine({ node: 'node-1', version, atUs: 0, roundTripMs: 0, rejectAnswers, services }))
    },
    publishLine,
    cut,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        cut()
      }),
  }
}
