/**
 * The pods' logs, followed while the pods live, because they are gone with the pods. They hold the sample app's ledger
 * and the steps of its life. A log that broke off before its container ended is told as a gap.
 */
import { LineSplitter } from '../base/ndjson.ts'
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
      void followLog(context, pod.metadata.name, status.name)
    }
  })
}

async function followLog(context: WitnessContext, pod: string, container: string): Promise<void> {
  const { client, clock, namespace, signal, record } = context
  const fromUs = clock.nowUs()
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${container}&follow=true`
  const lines = new LineSplitter(line => acceptLine(context, pod, line))
  try {
    const response = await client.open(path, signal)
    for await (const chunk of response as AsyncIterable<string>) lines.push(chunk)
  } catch (error) {
    if (signal.aborted) return
    const why = `log of ${pod}: ${error instanceof Error ? error.message : 'broke off'}`
    record({ atUs: clock.nowUs(), kind: 'watch-gap', witness: 'pod-logs', fromUs, why })
  }
}

function acceptLine(context: WitnessContext, pod: string, text: string): void {
  const line = parsePodLogLine(text)
  if (line === null) return
  if (line.what === 'step') context.record({ atUs: line.atUs, kind: 'app-step', pod, step: line.step })
  else context.recordLedger({ pod, request: line.request, atUs: line.atUs, what: line.what })
}
