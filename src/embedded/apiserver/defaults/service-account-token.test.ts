import { expect, it } from 'vitest'
import { pod, testRegistry } from '../testing/objects.ts'

it('mounts a token in every container that mounts nothing there, unless pod or account do not want it', () => {
  const { registry } = testRegistry()
  const path = '/var/run/secrets/kubernetes.io/serviceaccount'
  const spec = pod('a').spec
  const made = registry.create('pods', pod('a')).spec
  const names = (made.volumes ?? []).map(({ name }) => name)
  expect(names).toEqual([expect.stringMatching(/^kube-api-access-[b-z2-9]{5}$/)])
  expect(made.containers[0]?.volumeMounts).toEqual([{ name: names[0], readOnly: true, mountPath: path }])
  const unwanted = { ...pod('b'), spec: { ...spec, automountServiceAccountToken: false } }
  expect(registry.create('pods', unwanted).spec.volumes).toBeUndefined()
  registry.post('serviceaccounts', {
    metadata: { name: 'quiet', namespace: 'default' },
    automountServiceAccountToken: false,
  })
  const quiet = { ...pod('c'), spec: { ...spec, serviceAccountName: 'quiet' } }
  expect(registry.create('pods', quiet).spec.volumes).toBeUndefined()
  const insisting = { ...quiet, metadata: { ...quiet.metadata, name: 'd' } }
  const wanted = { ...insisting, spec: { ...quiet.spec, automountServiceAccountToken: true } }
  expect(registry.create('pods', wanted).spec.volumes?.length).toBe(1)
})
