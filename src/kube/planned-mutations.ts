/** The same door, with nothing behind it: what a run would change, in order. */
import {
  createRequest,
  cordonRequest,
  evictRequest,
  patchRequest,
  removeRequest,
  uncordonRequest,
} from './mutation-requests.ts'
import type { MutationRequest } from './mutation-requests.ts'
import type { Mutations } from './mutations.ts'
import { collectionPath } from './resource-path.ts'
import type { KubeObject } from './types.ts'

export class PlannedMutations implements Mutations {
  readonly requests: MutationRequest[] = []
  /** What takes them back, in the order in which it is done. */
  readonly undo: MutationRequest[] = []
  readonly #runId: string
  readonly #prepare: (object: KubeObject) => KubeObject

  constructor(runId: string, prepare: (object: KubeObject) => KubeObject) {
    this.#runId = runId
    this.#prepare = prepare
  }

  create<T extends KubeObject>(object: T, namespace: string): Promise<T> {
    this.requests.push(createRequest(this.#prepare(object), namespace))
    const path = `${collectionPath(object, namespace)}/${object.metadata.name}`
    this.undo.unshift(removeRequest(path, { propagationPolicy: 'Background' }))
    return Promise.resolve(object)
  }

  patch<T extends KubeObject>(path: string, patch: object): Promise<T> {
    this.requests.push(patchRequest(path, patch))
    // Of the object itself nobody knows anything: it is not there.
    return Promise.resolve({ apiVersion: '', kind: '', metadata: { name: '' } } as unknown as T)
  }

  cordon(node: string): Promise<boolean> {
    this.requests.push(cordonRequest(node, this.#runId))
    this.undo.unshift(uncordonRequest(node, this.#runId))
    return Promise.resolve(true)
  }

  uncordon(node: string): Promise<void> {
    const request = uncordonRequest(node, this.#runId)
    this.requests.push(request)
    const done = this.undo.findIndex(({ path }) => path === request.path)
    if (done >= 0) this.undo.splice(done, 1)
    return Promise.resolve()
  }

  evict(namespace: string, pod: string): Promise<void> {
    this.requests.push(evictRequest(namespace, pod))
    return Promise.resolve()
  }

  remove(path: string, options: object = {}): Promise<void> {
    this.requests.push(removeRequest(path, options))
    return Promise.resolve()
  }
}
