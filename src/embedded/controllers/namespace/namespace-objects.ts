/**
 * What every namespace has from the start: the ServiceAccount that pods run as, and the ConfigMap with the CA by which
 * they know the API server. Both come back when they are deleted. This API server speaks plain HTTP, so there is no CA and
 * the ConfigMap's one entry is empty.
 */
import type { KubeObject } from '../../../kube/types.ts'
import { ApiError } from '../../cluster-api.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { canonicalJson } from '../canonical-json.ts'

interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

const serviceAccount = 'default'
const rootCa = 'kube-root-ca.crt'
const rootCaData = { 'ca.crt': '' }
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

export function namespaceObjects(context: ControllerContext): Controller {
  const { informers } = context
  const namespaces = informers.other('namespaces')
  const accounts = informers.other('serviceaccounts')
  const configMaps = informers.other('configmaps')
  return {
    reconcile(key) {
      const namespace = namespaces.get(`/${key}`)
      if (namespace?.metadata.deletionTimestamp === undefined && namespace !== null) ensure(context, key)
      return null
    },
    watch: keys => [
      namespaces.subscribe(({ object }) => keys.add(object.metadata.name)),
      accounts.subscribe(({ type, object: { metadata } }) => {
        if (type === 'DELETED' && metadata.name === serviceAccount) keys.add(metadata.namespace ?? '')
      }),
      configMaps.subscribe(({ type, object: { metadata } }) => {
        if (type !== 'ADDED' && metadata.name === rootCa) keys.add(metadata.namespace ?? '')
      }),
    ],
  }
}

function ensure({ api }: ControllerContext, namespace: string): void {
  if (api.get('serviceaccounts', namespace, serviceAccount) === null)
    createUnlessEnding(() =>
      api.create('serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: serviceAccount, namespace },
      }),
    )
  const present = api.get<ConfigMap>('configmaps', namespace, rootCa)
  const wanted: ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: rootCa, namespace, annotations: { 'kubernetes.io/description': description } },
    data: rootCaData,
  }
  if (present === null) createUnlessEnding(() => api.create('configmaps', wanted))
  else if (canonicalJson(present.data) !== canonicalJson(rootCaData))
    api.update('configmaps', { ...present, data: rootCaData })
}

/** A namespace that is on its way out takes nothing new. */
function createUnlessEnding(create: () => unknown): void {
  try {
    create()
  } catch (error) {
    if (!(error instanceof ApiError) || (error.reason !== 'Forbidden' && error.reason !== 'NotFound'))
      throw error
  }
}
