/** One recorded transition in a few words, for the evidence under a failed request. Null: no help to a reader. */
import type { AppStep, ContainerStep, Transition } from '../model/transition.ts'

export function describeTransition(transition: Extract<Transition, { pod: string }>): string | null {
  const { pod } = transition
  switch (transition.kind) {
    case 'pod-added':
      return transition.ready ? `${pod} is ready` : `${pod} was created`
    case 'pod-ready':
      return transition.ready ? `${pod} became ready` : `${pod} became unready`
    case 'pod-terminating':
      return `deletion of ${pod} began (grace ${transition.graceMs / 1000} s)`
    case 'pod-deleted':
      return `object of ${pod} deleted`
    case 'pod-restarted':
      return `${transition.container} of ${pod} restarted (${transition.restartCount} times so far)`
    case 'container-terminated':
      return `status says that ${transition.container} ended: exit code ${transition.exitCode}, ${transition.reason}`
    case 'endpoint-changed':
      return describeEndpoint(transition)
    case 'endpoint-removed':
      return 'removed from its EndpointSlice'
    case 'container-step':
      return describeContainerStep(transition.step, transition.detail)
    case 'app-step':
      return describeAppStep(transition.step)
    case 'pod-scheduled':
    case 'pod-addressed':
      return null
  }
}

function describeEndpoint(endpoint: Extract<Transition, { kind: 'endpoint-changed' }>): string {
  const ready = endpoint.ready ? 'ready' : 'not ready'
  const serving = endpoint.terminating ? `, terminating, ${endpoint.serving ? 'serving' : 'not serving'}` : ''
  return `EndpointSlice says ${ready}${serving}`
}

function describeContainerStep(step: ContainerStep, detail: string | null): string {
  const because = detail === null ? '' : `: ${detail}`
  switch (step) {
    case 'process-started':
      return 'process started'
    case 'pre-stop-started':
      return 'preStop hook started'
    case 'pre-stop-ended':
      return 'preStop hook ended'
    case 'pre-stop-failed':
      return `preStop hook failed${because}`
    case 'sigterm-sent':
      return 'SIGTERM sent'
    case 'sigterm-ignored':
      return 'SIGTERM ignored: PID 1 without a handler'
    case 'sigkill-sent':
      return 'SIGKILL sent'
    case 'exited':
      return `process exited${because}`
    case 'sandbox-gone':
      return 'sandbox gone: its address is silent'
    case 'probe-errored':
      return `probe could not run${because}`
  }
}

function describeAppStep(step: AppStep): string {
  switch (step) {
    case 'listening':
      return 'server listens'
    case 'sigterm':
      return 'server received SIGTERM'
    case 'listener-closing':
      return 'server closes its listener'
    case 'listener-closed':
      return 'listener closed'
    case 'draining-cut':
      return 'server cut its connections at its own limit'
    case 'exiting':
      return 'server exits'
  }
}
