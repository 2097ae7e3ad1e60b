/**
 * The pods' logs, followed while the pods live, because they are gone with the pods. They hold the sample app's ledger
 * and the steps of its life. A log that broke off is read again from its start, past the lines that were seen already:
 * each line has its own instant, so nothing is late. What could not be read to its end is told as a gap.
 */
import { sleep } from '../base/clock.ts'
import { LineSplitter } from '../base/ndjson.ts'
import { apiErrorCode } from '../kube/api-error.ts'
import type { Pod } from '../kube/types.ts'
import { parsePodLogLine } from './pod-log-line.ts'
import { follow, labelQuery, type WitnessContext } from './witness.ts'

export function observePodLogs(context: WitnessContext): Promise<void> {
  const followed = new Set<string>()
  const path = `/api/v1/namespaces/${context.namespace}/pods`
  return follow<Pod>(context, 'pod-logs', path, labelQuery(context.podLabels), pod => {
    for (const status of pod?.status?.containerStatuses ?? []) {
      if (status.state?.running === undefined || pod === null) continue
      const instance = `${pod.metadata.uid ?? pod.metadata.name}/${status.name}/${status.restartCount}`
      if (followed.has(instance)) continue
      followed.add(instance)
      const { name: container, restartCount } = status
      void followLog(context, { pod: pod.metadata.name, uid: pod.metadata.uid, container, restartCount })
    }
  })
}

interface Instance {
  pod: string
  uid: string | undefined
  container: string
  restartCount: number
}

const PAUSE_MS = 1000

async function followLog(context: WitnessContext, instance: Instance): Promise<void> {
  const { clock, signal, record } = context
  const reading: Reading = { lines: 0, unreadSinceUs: clock.nowUs(), broken: null, ended: false }
  const tellGap = (): void => {
    if (reading.broken === null) return
    const why = `log of ${instance.pod}: ${reading.broken}`
    reading.broken = null
    const fromUs = reading.unreadSinceUs
    record({ atUs: clock.nowUs(), kind: 'watch-gap', witness: 'pod-logs', fromUs, why })
  }
  // Told at once: the recording closes.
  signal.addEventListener('abort', tellGap, { once: true })
  while (!signal.aborted) {
    await readOn(context, instance, reading)
    const life = await lifeOf(context, instance)
    // Of a container that has ended, and whose log was read to its end, nothing more will come.
    if (life === 'gone' || (life === 'ended' && reading.broken === null)) break
    await sleep(clock, PAUSE_MS, signal)
  }
  signal.removeEventListener('abort', tellGap)
  if (!signal.aborted) tellGap()
}

/** How far a log has been read. */
interface Reading {
  lines: number
  unreadSinceUs: number
  /** Why it was not read to its end; null when it was. */
  broken: string | null
  /** The last connection ended in good order. */
  ended: boolean
}

async function readOn(context: WitnessContext, instance: Instance, reading: Reading): Promise<void> {
  const { client, clock, namespace, signal } = context
  const { pod, container } = instance
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}&follow=true`
  let number = 0
  const lines = new LineSplitter(line => {
    number += 1
    if (number <= reading.lines) return
    reading.lines = number
    acceptLine(context, pod, line)
  })
  try {
    const response = await client.open(path, signal)
    for await (const chunk of response as AsyncIterable<string>) {
      lines.push(chunk)
      reading.unreadSinceUs = clock.nowUs()
    }
    reading.broken = null
    reading.ended = true
  } catch (error) {
    // The pod's status told its end too late to see it before the pod was gone; its log had come to its end.
    if (signal.aborted || (reading.ended && apiErrorCode(error) === 404)) return
    reading.broken = error instanceof Error ? error.message : 'broke off'
    reading.ended = false
  }
}

/** A server that restarts may end a log as if the container had ended; only the pod itself tells. */
async function lifeOf(
  { client, namespace }: WitnessContext,
  { pod, uid, container, restartCount }: Instance,
): Promise<'running' | 'ended' | 'gone'> {
  try {
    const { metadata, status } = await client.request<Pod>(
      'GET',
      `/api/v1/namespaces/${namespace}/pods/${pod}`,
    )
    const now = status?.containerStatuses?.find(({ name }) => name === container)
    if (metadata.uid !== uid || now?.restartCount !== restartCount) return 'gone'
    return now.state?.terminated === undefined ? 'running' : 'ended'
  } catch (error) {
    return apiErrorCode(error) === 404 ? 'gone' : 'running'
  }
}

function acceptLine(context: WitnessContext, pod: string, text: string): void {
  const line = parsePodLogLine(text)
  if (line === null) return
  if (line.what === 'step') context.record({ atUs: line.atUs, kind: 'app-step', pod, step: line.step })
  else context.recordLedger({ pod, request: line.request, atUs: line.atUs, what: line.what })
}
