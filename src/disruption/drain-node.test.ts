import { describe, expect, it } from 'vitest'
import type { Node, ObjectMeta, Pod } from '../kube/types.ts'
import type { NodeRules } from '../model/node-rules.ts'
import { chooseDrainNode, isEvicted, type DrainChoice } from './drain-node.ts'

const allowed = { 'rollproof.dev/allowed': 'true' }
const node = (name: string, labels: Record<string, string> = allowed): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: {},
})
const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r' }
const pod = (name: string, nodeName: string, metadata: Partial<ObjectMeta> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ownerReferences: [replicaSet], ...metadata },
  spec: { containers: [], nodeName },
})
const web = [pod('web-1', 'n1'), pod('web-2', 'n1'), pod('web-3', 'n2')]

function choose(
  others: Pod[],
  nodes = [node('n1'), node('n2')],
  touch: NodeRules['touch'] = 'allowed',
): DrainChoice {
  return chooseDrainNode({
    nodes,
    pods: [...web, ...others],
    workload: new Map(web.map(({ metadata, spec }) => [metadata.name, { node: spec.nodeName ?? null }])),
    workloadName: 'web',
    rules: { touch, runId: 'mine' },
  })
}

describe('the node to drain', () => {
  it('is the one that carries most pods of the workload', () => {
    expect(choose([])).toEqual({ node: 'n1', why: 'n1 carries 2 of 3 pods of web' })
  })

  it.each([
    [
      'holds the driver',
      [pod('load', 'n1', { labels: { 'rollproof.dev/load': 'x' } })],
      /holds a driver of the load/,
    ],
    ['holds the only CoreDNS', [pod('dns', 'n1', { labels: { 'k8s-app': 'kube-dns' } })], /the only CoreDNS/],
    [
      'holds pods of another run',
      [pod('web-9', 'n1', { labels: { 'rollproof.dev/run': 'theirs' } })],
      /another run/,
    ],
    ['holds a pod that nobody makes again', [pod('lonely', 'n1', { ownerReferences: [] })], /lonely again/],
  ])('is not one that %s, and says so', (_, others, why) => {
    const choice = choose(others)
    expect(choice.node).toBe('n2')
    expect(choice.why).toMatch(why)
  })

  it('may hold one CoreDNS of two, daemons, static pods, and what has ended', () => {
    const dns = { labels: { 'k8s-app': 'kube-dns' } }
    const ended = { ...pod('done', 'n1', { ownerReferences: [] }), status: { phase: 'Succeeded' } } as Pod
    const daemon = pod('daemon', 'n1', { ownerReferences: [{ ...replicaSet, kind: 'DaemonSet' }] })
    const mirror = pod('static', 'n1', {
      ownerReferences: [],
      annotations: { 'kubernetes.io/config.mirror': 'x' },
    })
    expect(choose([pod('dns-1', 'n1', dns), pod('dns-2', 'n2', dns), ended, daemon, mirror]).node).toBe('n1')
    expect([daemon, mirror].map(isEvicted)).toEqual([false, false])
  })

  it('carries the label, where the cluster is somebody else’s', () => {
    const nodes = [node('n1', {}), node('n2')]
    expect(choose([], nodes).node).toBe('n2')
    expect(choose([], nodes, 'every').node).toBe('n1')
    expect(choose([], nodes, 'none')).toEqual({
      node: null,
      why: expect.stringMatching(/drains were not allowed/) as string,
    })
  })

  it('was not cordoned by somebody', () => {
    const cordoned = { ...node('n1'), spec: { unschedulable: true } }
    expect(choose([], [cordoned, node('n2')]).node).toBe('n2')
  })
})
