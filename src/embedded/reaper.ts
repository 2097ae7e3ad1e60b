/**
 * A cluster's last will: a process of its own that outlives the cluster, even after SIGKILL, for as long as it takes to
 * kill the cluster's pods and to remove its folder. It is told of each process group as it starts and ends, and acts when
 * its standard input closes without a goodbye.
 *
 * Arguments: the cluster's id and its folder, so that it knows its task from its first instant. Lines: `+<pgid> <start
 * time>`, `-<pgid>`, `bye`.
 */
import { rmSync } from 'node:fs'
import { LineSplitter } from '../base/ndjson.ts'
import { killGroup, killProcessesOfCluster, startTime } from './process-groups.ts'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

const startTimes = new Map<number, string>()
const [cluster = '', directory = ''] = process.argv.slice(2)
let saidGoodbye = false

const lines = new LineSplitter(line => {
  if (line === 'bye') saidGoodbye = true
  else if (line.startsWith('+')) {
    const [pgid = '', started = ''] = line.slice(1).split(' ')
    startTimes.set(Number(pgid), started)
  } else if (line.startsWith('-')) startTimes.delete(Number(line.slice(1)))
})

process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => lines.push(chunk))
process.stdin.on('error', reap)
process.stdin.on('end', reap)

function reap(): void {
  if (saidGoodbye || cluster === '' || directory === '') process.exit(0)
  // A pid may have been given to a stranger since; its start time tells.
  for (const [pgid, started] of startTimes) if (started === '' || startTime(pgid) === started) killGroup(pgid)
  // Again, for what a dying process may have started meanwhile.
  for (let round = 0; round < 5 && killProcessesOfCluster(cluster) > 0; round++);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  process.exit(0)
}
