/** Where drivers may sit, and which way leads in from outside, by what nodes and Services say. */
import { describe, expect, test } from 'vitest'
import type { Node, Pod, Service } from '../kube/types.ts'
import { driverNodes } from './driver-nodes.ts'
import { hostPath, nodePortService } from './host-path.ts'
import { driverImage, driverImageAmong } from './load-from.ts'

const node = (name: string, spec: Node['spec'] = {}, address = '172.18.0.9'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec,
  status: { addresses: [{ type: 'InternalIP', address }] },
})
const on = (nodeName: string): Pod => ({ metadata: { name: 'web' }, spec: { nodeName } }) as Pod
const tainted = (key: string): Node['spec'] => ({ taints: [{ key, effect: 'NoSchedule' }] })

describe('drivers keep away from', () => {
  const control = node('control', tainted('node-role.kubernetes.io/control-plane'))
  test('nodes with pods of the workload, as long as there are others', () => {
    expect(driverNodes([control, node('a'), node('b')], [on('a'), on('b')], 'web')).toEqual({
      avoid: ['a', 'b'],
      why: 'no pod of web runs there',
    })
  })

  test('all but the node that a drain would choose last, when all carry pods', () => {
    const nodes = [node('a'), node('b'), node('c', tainted('gpu')), node('d', { unschedulable: true })]
    const { avoid, why } = driverNodes(nodes, [on('a'), on('b'), on('a'), on('c')], 'web')
    expect(avoid).toEqual(['a', 'c'])
    expect(why).toContain('a drain would choose this one last')
  })
})

describe('from the host', () => {
  const service = (more: object, status: object = {}): Service =>
    ({
      metadata: { name: 'web' },
      spec: { ports: [{ port: 80, nodePort: 30_080 }], ...more },
      status,
    }) as unknown as Service

  test('a load balancer comes before an external address, and that before a node port', () => {
    const balanced = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } }
    expect(hostPath(service({ externalIPs: ['192.0.2.8'] }, balanced), 80, [])).toMatchObject({
      host: '192.0.2.7',
      port: 80,
    })
    expect(hostPath(service({ externalIPs: ['192.0.2.8'] }), 80, [])).toMatchObject({
      host: '192.0.2.8',
      port: 80,
    })
    expect(hostPath(service({}), 80, [node('a')])).toMatchObject({ host: '172.18.0.9', port: 30_080 })
    expect(hostPath(service({ ports: [{ port: 80 }] }), 80, [node('a')])).toBeNull()
  })

  test('an address of this machine means a program in between, which turns refusals into resets', () => {
    const found = hostPath(service({}), 80, [node('a', {}, '127.0.0.1')])
    expect(found?.hides[0]).toContain('arrives as a reset')
    expect(hostPath(service({}), 80, [node('a')])?.hides.join()).not.toContain('reset')
  })

  test('a second Service with a node port leaves the first as it is', () => {
    const original = service({ selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] })
    expect(nodePortService(original, 80)).toMatchObject({
      metadata: { name: 'web-rollproof-host' },
      spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    })
  })
})

test('the driver runs from the image that the user names for the sample app', () => {
  expect(driverImageAmong({})).toEqual(driverImage)
  expect(driverImageAmong({ 'rollproof/sample-app:1': 'registry/app:2' }).name).toBe('rollproof/sample-app:1')
  expect(driverImageAmong({ [driverImage.name]: 'registry/slim:2' })).toEqual(driverImage)
})
