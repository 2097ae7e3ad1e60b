/** Each test has a namespace of its own, with a generated name, and deletes it whatever comes. */
import type { KubeObject } from '../../kube/types.ts'
import type { Target } from './target.ts'
import { record, Recorder } from './watching.ts'

export async function inNamespace(target: Target, run: (namespace: string) => Promise<void>): Promise<void> {
  const { body } = await target.raw<KubeObject>('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { generateName: 'conf-' } },
  })
  const namespace = body.metadata.name
  try {
    await serviceAccount(target, namespace)
    await run(namespace)
  } finally {
    // A test may have deleted it itself: no answer is an error here.
    await target.raw('DELETE', `/api/v1/namespaces/${namespace}`)
  }
}

/**
 * A real cluster refuses pods until the namespace has its service account. That it comes is a test of its own; here a
 * cluster without any is given a moment and no more, so that its other answers are seen.
 */
async function serviceAccount(target: Target, namespace: string): Promise<void> {
  const accounts = record(target, 'serviceaccounts', namespace)
  const isDefault = ({ items }: Recorder<KubeObject>): boolean =>
    items.some(item => item.metadata.name === 'default')
  try {
    await accounts.until(isDefault, 'the default service account', target.embedded ? 1000 : 30_000)
  } catch (error) {
    if (!target.embedded) throw error
  } finally {
    accounts.stop()
  }
}

export function watchPath(target: Target, path: string): Recorder<KubeObject> {
  return new Recorder<KubeObject>(target, path)
}
