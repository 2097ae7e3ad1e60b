/**
 * The volume with a service account's token, which admission adds to every pod (plugin/pkg/admission/serviceaccount of
 * Kubernetes 1.34). Here it is only said to be there: the kubelet makes no such volume, and nobody would accept the token.
 */
import type * as kube from '../../../kube/types.ts'
import { tokenVolumePrefix } from '../../token-volume.ts'
import type { Draft } from '../decoding/draft.ts'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Only containers that mount something there themselves go without. */
export function mountToken(spec: Draft<kube.PodSpec>, randomSuffix: () => string): void {
  const volumes = spec.volumes ?? []
  // Validation, which finds a volume without a name, comes later.
  const names = volumes.map(({ name }: { name?: string }) => name ?? '')
  const before = names.find(own => own.startsWith(tokenVolumePrefix))
  const name = before ?? `${tokenVolumePrefix}${randomSuffix()}`
  let isNeeded = false
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const mounts = container.volumeMounts ?? []
    if (mounts.some(mount => mount.mountPath === mountPath)) continue
    const mount = { name, readOnly: true, mountPath }
    container.volumeMounts = [...mounts, mount]
    isNeeded = true
  }
  if (isNeeded && before === undefined) spec.volumes = [...volumes, { name, projected: tokenSource() }]
}

/** 3607 s stands in pkg/serviceaccount: WarnOnlyBoundTokenExpirationSeconds. */
function tokenSource(): NonNullable<kube.Volume['projected']> {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [namespace] } },
  ]
  return { sources, defaultMode: 420 }
}
