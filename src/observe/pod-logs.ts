/**
 * The pods' logs, read while the pods are there, because they are gone with the pods. They hold the sample app's ledger
 * and the steps of its life. Where following is dear, a log stays unread until its pod goes or the load has ended. A log
 * that broke off is read again from its start, past the lines that were seen already: each line has its own instant, so
 * nothing is late. What could not be read to its end is told as a gap.
 */
import { sleep } from '../base/clock.ts'
import { LineSplitter } from '../base/ndjson.ts'
import { apiErrorCode } from '../kube/api-error.ts'
import type { Pod } from '../kube/types.ts'
import { parsePodLogLine } from './pod-log-line.ts'
import { follow, labelQuery, type WitnessContext } from './witness.ts'

export function observePodLogs(context: WitnessContext): Promise<void> {
  const known = new Map<string, LogReader>()
  const path = `/api/v1/namespaces/${context.namespace}/pods`
  return follow<Pod>(context, 'pod-logs', path, labelQuery(context.podLabels), pod => {
    if (pod === null) return
    const { uid, name } = pod.metadata
    for (const status of pod.status?.containerStatuses ?? []) {
      if (status.state?.running === undefined) continue
      const instance = `${uid ?? name}/${status.name}/${status.restartCount}`
      if (known.has(instance)) continue
      const { name: container, restartCount } = status
      known.set(instance, new LogReader(context, { pod: name, uid, container, restartCount }))
    }
    for (const reader of known.values()) if (reader.isOf(uid, name)) reader.see(pod)
  })
}

interface Instance {
  pod: string
  uid: string | undefined
  container: string
  restartCount: number
}

const PAUSE_MS = 1000

/** A kubelet may begin a new file after 10 MiB, and answers from the newest only: some 500 requests a second of one pod. */
const UNREAD_MS = 60_000

class LogReader {
  /** How often its container was started anew since. */
  #restarts = 0
  #due = (): void => undefined
  readonly #context: WitnessContext
  readonly #instance: Instance
  readonly #reading: Reading

  constructor(context: WitnessContext, instance: Instance) {
    this.#context = context
    this.#instance = instance
    this.#reading = { lines: 0, unreadSinceUs: context.clock.nowUs(), broken: 'not read yet', ended: false }
    void this.#read()
  }

  isOf(uid: string | undefined, name: string): boolean {
    return uid === this.#instance.uid && name === this.#instance.pod
  }

  /** As it is now. */
  see({ metadata, status }: Pod): void {
    const { container, restartCount } = this.#instance
    const now = status?.containerStatuses?.find(({ name }) => name === container)
    this.#restarts = (now?.restartCount ?? restartCount) - restartCount
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
    if (metadata.deletionTimestamp !== undefined || isOver || this.#restarts > 0) this.#due()
  }

  async #read(): Promise<void> {
    const { clock, signal, record } = this.#context
    const reading = this.#reading
    const tellGap = (): void => {
      if (reading.broken === null) return
      const why = `log of ${this.#instance.pod}: ${reading.broken}`
      reading.broken = null
      const fromUs = reading.unreadSinceUs
      record({ atUs: clock.nowUs(), kind: 'watch-gap', witness: 'pod-logs', fromUs, why })
    }
    // Told at once: the recording closes.
    signal.addEventListener('abort', tellGap, { once: true })
    await this.#untilDue()
    while (!signal.aborted) {
      const unread = reading.lines === 0
      // Only the log before the present one is kept.
      if (unread && this.#restarts > 1) break
      const previous = unread && this.#restarts === 1
      await readOn(this.#context, this.#instance, reading, previous)
      const life = previous ? 'ended' : await lifeOf(this.#context, this.#instance)
      // Of a container that has ended, and whose log was read to its end, nothing more will come.
      if (life === 'gone' || (life === 'ended' && reading.broken === null)) break
      await sleep(clock, PAUSE_MS, signal)
    }
    signal.removeEventListener('abort', tellGap)
    if (!signal.aborted) tellGap()
  }

  /** The log is to be read from now on: it will not be there for ever. */
  #untilDue(): Promise<void> {
    const { clock, signal, logsDue } = this.#context
    return new Promise(resolve => {
      const timer = clock.after(UNREAD_MS, () => this.#due())
      this.#due = () => {
        timer.cancel()
        resolve()
      }
      signal.addEventListener('abort', this.#due, { once: true })
      logsDue.addEventListener('abort', this.#due, { once: true })
      if (signal.aborted || logsDue.aborted) this.#due()
    })
  }
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

async function readOn(
  context: WitnessContext,
  instance: Instance,
  reading: Reading,
  previous: boolean,
): Promise<void> {
  const { client, clock, namespace, signal } = context
  const { pod, container } = instance
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}&${previous ? 'previous' : 'follow'}=true`
  let number = 0
  const lines = new LineSplitter(line => {
    number += 1
    if (number <= reading.lines) return
    reading.lines = number
    acceptLine(context, pod, line)
  })
  try {
    const response = await client.open(path, signal)
    // What is there is on its way; whether it comes whole is seen below.
    reading.broken = null
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
