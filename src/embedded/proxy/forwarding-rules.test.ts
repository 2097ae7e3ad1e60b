import { expect, test } from 'vitest'
import type { Endpoint, EndpointSlice, Service } from '../../kube/types.ts'
import { categorizeEndpoints } from './categorize.ts'
import { forwardingRules } from './forwarding-rules.ts'

function endpoint(name: string, conditions: Endpoint['conditions'], nodeName = 'worker-1'): Endpoint {
  return {
    addresses: [`127.9.2.${name.length}`],
    nodeName,
    targetRef: { kind: 'Pod', name },
    ...(conditions && { conditions }),
  }
}
const ready = endpoint('a', { ready: true, serving: true, terminating: false })
const draining = endpoint('bb', { ready: false, serving: true, terminating: true })
const unready = endpoint('ccc', { ready: false, serving: false, terminating: false })
const dying = endpoint('dddd', { ready: false, serving: false, terminating: true })

test('ready endpoints are used, and only they', () => {
  expect(categorizeEndpoints([ready, draining, unready], null)).toEqual({
    endpoints: [ready],
    fallback: false,
    dropped: false,
  })
})

test('without a ready endpoint those that terminate and still serve are used', () => {
  expect(categorizeEndpoints([draining, unready, dying], null)).toEqual({
    endpoints: [draining],
    fallback: true,
    dropped: false,
  })
})

test('endpoints that are not ready and not terminating are never used', () => {
  expect(categorizeEndpoints([unready, dying], null)).toEqual({
    endpoints: [],
    fallback: false,
    dropped: false,
  })
})

test('absent conditions mean ready', () => {
  const bare = endpoint('e', undefined)
  expect(categorizeEndpoints([bare], null)).toEqual({
    endpoints: [bare],
    fallback: false,
    dropped: false,
  })
})

test('with a local policy only endpoints of the node count', () => {
  const elsewhere = endpoint('f', { ready: true }, 'worker-2')
  expect(categorizeEndpoints([elsewhere, draining], 'worker-1')).toEqual({
    endpoints: [draining],
    fallback: true,
    dropped: false,
  })
})

test('with a local policy a node without usable endpoints drops while other nodes have some, else refuses', () => {
  expect(categorizeEndpoints([ready, { ...unready, nodeName: 'worker-2' }], 'worker-2').dropped).toBe(true)
  expect(categorizeEndpoints([draining], 'worker-2').dropped).toBe(true)
  expect(categorizeEndpoints([unready, dying], 'worker-2').dropped).toBe(false)
})

const silent = { address: '127.9.255.1', port: 1 }
const on = (node: string) => ({ node, silentAddress: () => silent })

test('the two traffic policies rule the cluster IP and the node port each for itself', () => {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      clusterIP: '127.9.200.1',
      ports: [
        { port: 80, nodePort: 30_080 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
      internalTrafficPolicy: 'Cluster',
      externalTrafficPolicy: 'Local',
    },
  }
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [ready],
    ports: [{ port: 8080 }],
  }
  const common = { service: 'default/web:80', clusterIP: '127.9.200.1', affinitySeconds: 600 }
  const reachable = { endpoints: [{ address: '127.9.2.1', port: 8080, pod: 'a' }], fallback: false }
  const mute = { endpoints: [{ ...silent, pod: '' }], fallback: false, dropped: true }
  expect(forwardingRules([service], [slice], on('worker-1'))).toEqual([
    { ...common, ...reachable, nodePort: { port: 30_080, ...reachable } },
  ])
  expect(forwardingRules([service], [slice], on('worker-2'))).toEqual([
    { ...common, ...reachable, nodePort: { port: 30_080, ...mute } },
  ])
  const inward: Service = { ...service, spec: { ...service.spec, internalTrafficPolicy: 'Local' } }
  expect(forwardingRules([inward], [slice], on('worker-2'))).toEqual([
    { ...common, ...mute, nodePort: { port: 30_080, ...mute } },
  ])
  expect(forwardingRules([inward], [], on('worker-2'))[0]).toMatchObject({ endpoints: [], fallback: false })
})

test('a rule per Service port, by the port of the slice that has the same name', () => {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      clusterIP: '127.9.200.1',
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'admin', port: 9000 },
      ],
    },
  }
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-x', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [ready],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  }
  const headless: Service = {
    ...service,
    metadata: { name: 'db', namespace: 'default' },
    spec: { clusterIP: 'None' },
  }
  expect(forwardingRules([service, headless], [slice], on('worker-1'))).toEqual([
    {
      service: 'default/web:80',
      clusterIP: '127.9.200.1',
      endpoints: [{ address: '127.9.2.1', port: 8080, pod: 'a' }],
      fallback: false,
    },
    { service: 'default/web:9000', clusterIP: '127.9.200.1', endpoints: [], fallback: false },
  ])
})
