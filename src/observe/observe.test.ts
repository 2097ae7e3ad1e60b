import { describe, expect, it } from 'vitest'
import type { EndpointSlice, Pod } from '../kube/types.ts'
import { sliceTransitions } from './endpointslices.ts'
import { parsePodLogLine } from './pod-log-line.ts'
import { podTransitions } from './pods.ts'

const pending: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', uid: 'u1' },
  spec: { containers: [] },
}
const ready: Pod = {
  ...pending,
  spec: { containers: [], nodeName: 'worker-1' },
  status: { podIP: '127.3.1.4', conditions: [{ type: 'Ready', status: 'True' }] },
}
const terminating: Pod = {
  ...ready,
  metadata: { ...ready.metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
}
const ended: Pod = {
  ...terminating,
  status: {
    ...ready.status,
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [
      {
        name: 'web',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 137, reason: 'Error' } },
      },
    ],
  },
}

describe('the pods witness', () => {
  it('tells each state change of a pod once', () => {
    const states: (Pod | null)[] = [null, pending, ready, terminating, ended, null]
    const told = states
      .slice(1)
      .flatMap((state, index) => podTransitions(state, states[index] ?? null, index))
    expect(told).toEqual([
      {
        atUs: 0,
        kind: 'pod-added',
        pod: 'web-1',
        uid: 'u1',
        owner: null,
        node: null,
        address: null,
        ready: false,
      },
      { atUs: 1, kind: 'pod-scheduled', pod: 'web-1', node: 'worker-1' },
      { atUs: 1, kind: 'pod-addressed', pod: 'web-1', address: '127.3.1.4' },
      { atUs: 1, kind: 'pod-ready', pod: 'web-1', ready: true },
      { atUs: 2, kind: 'pod-terminating', pod: 'web-1', graceMs: 30_000 },
      { atUs: 3, kind: 'pod-ready', pod: 'web-1', ready: false },
      {
        atUs: 3,
        kind: 'container-terminated',
        pod: 'web-1',
        container: 'web',
        exitCode: 137,
        reason: 'Error',
      },
      { atUs: 4, kind: 'pod-deleted', pod: 'web-1' },
    ])
  })

  it('tells that a pod first seen in termination is terminating', () => {
    expect(podTransitions(terminating, null, 0).map(({ kind }) => kind)).toEqual([
      'pod-added',
      'pod-terminating',
    ])
  })
})

describe('the endpointslices witness', () => {
  const slice = (
    conditions: { ready: boolean; serving: boolean; terminating: boolean } | null,
  ): EndpointSlice => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-abc' },
    addressType: 'IPv4',
    endpoints:
      conditions === null
        ? []
        : [{ addresses: ['127.3.1.4'], conditions, targetRef: { kind: 'Pod', name: 'web-1' } }],
  })

  it('tells changed conditions and removed endpoints, and nothing when nothing changed', () => {
    const serving = slice({ ready: true, serving: true, terminating: false })
    const draining = slice({ ready: false, serving: true, terminating: true })
    expect(sliceTransitions(serving, null, 1)).toMatchObject([{ kind: 'endpoint-changed', ready: true }])
    expect(sliceTransitions(serving, serving, 2)).toEqual([])
    expect(sliceTransitions(draining, serving, 3)).toMatchObject([
      { kind: 'endpoint-changed', pod: 'web-1', ready: false, serving: true, terminating: true },
    ])
    expect(sliceTransitions(slice(null), draining, 4)).toMatchObject([
      { kind: 'endpoint-removed', pod: 'web-1' },
    ])
    expect(sliceTransitions(null, draining, 5)).toMatchObject([{ kind: 'endpoint-removed', pod: 'web-1' }])
  })
})

describe('a line of a pod log', () => {
  it('is read when it is ours', () => {
    expect(parsePodLogLine('rollproof arrived abc-1 1700000000000000')).toEqual({
      what: 'arrived',
      request: 'abc-1',
      atUs: 1_700_000_000_000_000,
    })
    expect(parsePodLogLine('rollproof step sigterm 17')).toEqual({ what: 'step', step: 'sigterm', atUs: 17 })
  })

  it('is passed over when it is not', () => {
    const others = [
      'GET / 200',
      'rollproof arrived abc-1',
      'rollproof step dancing 17',
      'rollproof step sigterm soon',
      '',
    ]
    expect(others.map(parsePodLogLine)).toEqual(others.map(() => null))
  })
})
