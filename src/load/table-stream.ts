/**
 * The stream of a node's forwarding tables. There is no reconnecting: a driver that does not know the table in force
 * would be sending by an outdated one, and what it then measures is its own blindness. The run ends instead.
 */
import { get } from 'node:http'
import { LineSplitter } from '../base/ndjson.ts'
import type { ForwardingTable } from '../model/forwarding.ts'

export interface TableStreamListener {
  onTable(table: ForwardingTable): void
  /** Called at most once. */
  onBroken(reason: string): void
}

export interface TableStream {
  /** No listener is called any more. */
  close(): void
}

export function followTables(
  source: { url: string; token: string },
  listener: TableStreamListener,
): TableStream {
  let over = false
  const headers = { Authorization: `Bearer ${source.token}`, Accept: 'application/x-ndjson' }
  const request = get(source.url, { agent: false, headers })
  const close = (): void => {
    over = true
    request.destroy()
  }
  const breakOff = (reason: string): void => {
    if (over) return
    close()
    listener.onBroken(reason)
  }
  const lines = new LineSplitter(line => {
    const table = over ? null : parseTable(line)
    if (table !== null) listener.onTable(table)
    else breakOff('a line of the stream is not a forwarding table')
  })
  request.on('error', (error: NodeJS.ErrnoException) => breakOff(error.code ?? error.name))
  request.on('response', response => {
    if (response.statusCode !== 200) return breakOff(`status ${response.statusCode ?? 0}`)
    response.setEncoding('utf8')
    response.on('data', (text: string) => lines.push(text))
    response.on('close', () => breakOff('the stream has ended'))
    response.on('error', (error: NodeJS.ErrnoException) => breakOff(error.code ?? error.name))
  })
  return { close }
}

function parseTable(line: string): ForwardingTable | null {
  let table: Partial<ForwardingTable> | null
  try {
    table = JSON.parse(line) as Partial<ForwardingTable> | null
  } catch {
    return null
  }
  const known =
    typeof table?.roundTripMs === 'number' &&
    typeof table.rejectAnswers?.intervalMs === 'number' &&
    typeof table.rejectAnswers.burst === 'number' &&
    Array.isArray(table.services) &&
    table.services.every(service => Array.isArray(service.endpoints))
  return known ? (table as ForwardingTable) : null
}
