import { expect, test } from 'vitest'
import type { Container, EnvVar, Pod, Service } from '../../kube/types.ts'
import { commandLine } from './command-line.ts'
import { ConfigError, containerEnvironment, type EnvironmentInput } from './environment.ts'
import { expand } from './expansion.ts'

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', uid: 'u-1', labels: { app: 'web' } },
  spec: { nodeName: 'worker-2', containers: [] },
}
const database: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'user-db', namespace: 'shop' },
  spec: { clusterIP: '127.9.200.7', ports: [{ name: 'pg', port: 5432 }] },
}

function environment(
  container: Partial<Container>,
  overrides: Partial<EnvironmentInput> = {},
): Record<string, string> {
  return containerEnvironment({
    pod,
    container: { name: 'app', image: 'app', ...container },
    image: { MODE: 'image', ONLY: 'image' },
    services: [database],
    config: { find: (kind, name) => (kind === 'ConfigMap' && name === 'flags' ? { colour: 'red' } : null) },
    place: { POD_IP: '127.0.0.1', PORT: '20080' },
    reach: (host, port) => ({ host, port }),
    podIP: '127.9.3.1',
    hostIP: '127.9.0.3',
    allocatable: { cpu: '4', memory: '8Gi' },
    ...overrides,
  })
}

test('references are replaced when known, left as written when not, and can be escaped', () => {
  const known = (name: string): string | undefined => ({ A: 'one', B: 'two' })[name]
  expect(expand('$(A)-$(B)-$(C)-$$(A)-$A', known)).toBe('one-two-$(C)-$(A)-$A')
})

test('a container sees its Services, its pod, the image, and its own variables, which win', () => {
  const env = environment({
    env: [
      { name: 'MODE', value: 'own' },
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'flags', key: 'colour' } } },
      { name: 'URL', value: 'pg://$(USER_DB_SERVICE_HOST):$(USER_DB_SERVICE_PORT_PG)/$(APP)' },
    ],
  })
  expect(env).toMatchObject({
    MODE: 'own',
    ONLY: 'image',
    HOSTNAME: 'web-1',
    POD_IP: '127.9.3.1',
    NODE: 'worker-2',
    APP: 'web',
    COLOUR: 'red',
    URL: 'pg://127.9.200.7:5432/web',
  })
})

test('a reference sees only what stands before it', () => {
  const env = environment({
    env: [
      { name: 'FIRST', value: '$(SECOND)' },
      { name: 'SECOND', value: '2' },
    ],
  })
  expect(env.FIRST).toBe('$(SECOND)')
})

test('a missing ConfigMap is an error, unless it is optional', () => {
  const from = (optional: boolean): Partial<Container> => ({
    env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'nope', key: 'x', optional } } }],
  })
  expect(() => environment(from(false))).toThrow(ConfigError)
  expect(environment(from(true))).not.toHaveProperty('X')
})

test('command replaces the entrypoint and its arguments, arguments alone replace only those', () => {
  const container: Container = { name: 'app', image: 'app' }
  const image = { entrypoint: ['server', '--json'], args: ['--fast'] }
  expect(commandLine(container, image, {})).toEqual(['server', '--json', '--fast'])
  expect(commandLine({ ...container, args: ['$(N)'] }, image, { N: '1' })).toEqual(['server', '--json', '1'])
  expect(commandLine({ ...container, command: ['sleep'], args: ['5'] }, image, {})).toEqual(['sleep', '5'])
})

test('an image variable that says where to listen wins over the manifest, any other gives way', () => {
  const env = environment(
    {
      env: [
        { name: 'PORT', value: '8080' },
        { name: 'MODE', value: 'own' },
      ],
    },
    { image: { PORT: '$(PORT)', HOST: '$(POD_IP)', MODE: 'image', URL: '$(UNKNOWN)' } },
  )
  expect(env).toMatchObject({ PORT: '20080', HOST: '127.0.0.1', MODE: 'own', URL: '$(UNKNOWN)' })
})

test('a resource is told in units of the divisor, rounded up; without a limit it is the node that limits', () => {
  const from = (resource: string, divisor?: string): EnvVar => ({
    name: `${resource}/${divisor ?? ''}`,
    valueFrom: { resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) } },
  })
  const resources = { requests: { cpu: '250m', memory: '64Mi' }, limits: { memory: '100Mi' } }
  const env = environment({
    resources,
    env: [
      from('requests.cpu'),
      from('requests.cpu', '1m'),
      from('limits.memory'),
      from('limits.memory', '1Mi'),
      from('limits.cpu'),
    ],
  })
  expect(env).toMatchObject({
    'requests.cpu/': '1',
    'requests.cpu/1m': '250',
    'limits.memory/': '104857600',
    'limits.memory/1Mi': '100',
    'limits.cpu/': '4',
  })
})
