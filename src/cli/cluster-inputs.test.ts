import { expect, test } from 'vitest'
import { clusterInputs } from './cluster-inputs.ts'
import { UsageError } from './exit-code.ts'

test('flags become the inputs of a scenario: one value, or one by node', () => {
  expect(
    clusterInputs({ nodes: '2', proxyLagMs: 'worker-1=500, control-plane=20', proxyJitterMs: '30' }),
  ).toEqual({
    nodes: 2,
    roundTripMs: 0,
    proxyLagMs: { 'worker-1': 500, 'control-plane': 20 },
    proxyJitterMs: 30,
    kubernetesMinor: 34,
    addresses: 'auto',
  })
})

test.each([
  [{ nodes: 'many' }, '--nodes'],
  [{ roundTripMs: '' }, '--round-trip-ms'],
  [{ proxyLagMs: 'worker-1=fast' }, '--proxy-lag-ms'],
  [{ proxyJitterMs: 'somewhere=5' }, '--proxy-jitter-ms'],
])('%o is a usage error that names its flag', (options, flag) => {
  expect(() => clusterInputs(options)).toThrow(UsageError)
  expect(() => clusterInputs(options)).toThrow(flag)
})
