/**
 * The one door for what changes a cluster in a run: nothing else sends POST, PUT, PATCH or DELETE (a test holds that).
 * Each change is first told to a log, with all that is needed to take it back, and then made, as raw JSON.
 */
import { apiErrorCode } from './api-error.ts'
import type { KubeClient } from './client.ts'
import { inversePatch } from './merge-patch.ts'
import {
  cordonRequest,
  createRequest,
  evictRequest,
  nodePath,
  patchRequest,
  removeRequest,
  RUN_LABEL,
  uncordonRequest,
  type MutationRequest,
} from './mutation-requests.ts'
import { collectionPath } from './resource-path.ts'
import { takeBackCordon } from './take-back.ts'
import type { KubeObject, Node } from './types.ts'

/** How a mutation is taken back. */
export type Undo =
  /** Nothing to take back: an eviction, or the deletion of what we made. */
  | { kind: 'nothing' }
  | { kind: 'delete'; path: string }
  /** `before`: the patch that brings back what `after` replaced. */
  | { kind: 'put-back'; path: string; before: unknown; after: unknown }
  | { kind: 'uncordon'; node: string }

/** Keeps account of mutations. `begin` returns before the request is sent only when the account is safe. */
export interface MutationLog {
  begin(request: MutationRequest, undo: Undo): number
  /** The object that came of it, where there is one. */
  done(ticket: number, uid: string | null): void
  /** It was answered, and refused: nothing changed. */
  refused(ticket: number): void
}

export interface Mutations {
  /** POST; the object that came of it. */
  create<T extends KubeObject>(object: T, namespace: string): Promise<T>
  /** A merge patch of one object. */
  patch<T extends KubeObject>(path: string, patch: object): Promise<T>
  /** False when the node was cordoned already, by whomever: then nothing was done. */
  cordon(node: string): Promise<boolean>
  /** Takes back our own cordon. */
  uncordon(node: string): Promise<void>
  evict(namespace: string, pod: string): Promise<void>
  remove(path: string, options?: object): Promise<void>
}

export interface MutationPlan {
  client: KubeClient
  runId: string
  log: MutationLog
  /** What becomes of an object on the way: labels, names of images. */
  prepare: (object: KubeObject) => KubeObject
}

const CORDON_ATTEMPTS = 10

/** For a cluster that ends with the run. */
export const noLog: MutationLog = { begin: () => 0, done: () => undefined, refused: () => undefined }

export class MutatingClient implements Mutations {
  readonly #plan: MutationPlan

  constructor(plan: MutationPlan) {
    this.#plan = plan
  }

  async create<T extends KubeObject>(object: T, namespace: string): Promise<T> {
    const request = createRequest(this.#plan.prepare(object), namespace)
    const path = `${collectionPath(object, namespace)}/${object.metadata.name}`
    return (await this.#send(request, { kind: 'delete', path })) as T
  }

  async patch<T extends KubeObject>(path: string, patch: object): Promise<T> {
    const before = await this.#plan.client.request<KubeObject>('GET', path)
    const ours = before.metadata.labels?.[RUN_LABEL] === this.#plan.runId
    const undo: Undo = ours
      ? { kind: 'nothing' }
      : { kind: 'put-back', path, before: inversePatch(before, patch), after: patch }
    return (await this.#send(patchRequest(path, patch), undo)) as T
  }

  async cordon(node: string): Promise<boolean> {
    const { client, runId } = this.#plan
    for (let attempt = 1; ; attempt += 1) {
      const { metadata, spec } = await client.request<Node>('GET', nodePath(node))
      if (spec.unschedulable === true) return false
      try {
        await this.#send(cordonRequest(node, runId, metadata.resourceVersion), { kind: 'uncordon', node })
        return true
      } catch (error) {
        // Its status was written in between, say.
        if (apiErrorCode(error) !== 409 || attempt === CORDON_ATTEMPTS) throw error
      }
    }
  }

  async uncordon(node: string): Promise<void> {
    const { client, log, runId } = this.#plan
    const ticket = log.begin(uncordonRequest(node, runId), { kind: 'nothing' })
    await takeBackCordon(client, node, runId)
    log.done(ticket, null)
  }

  async evict(namespace: string, pod: string): Promise<void> {
    await this.#send(evictRequest(namespace, pod), { kind: 'nothing' })
  }

  async remove(path: string, options: object = {}): Promise<void> {
    await this.#send(removeRequest(path, options), { kind: 'nothing' })
  }

  async #send(request: MutationRequest, undo: Undo): Promise<unknown> {
    const { client, log } = this.#plan
    const { method, path, body, contentType } = request
    const ticket = log.begin(request, undo)
    let answer: unknown
    try {
      answer = await client.request<unknown>(method, path, { body, contentType })
    } catch (error) {
      if (wasRefused(error)) log.refused(ticket)
      throw error
    }
    log.done(ticket, uidOf(answer))
    return answer
  }
}

/** An answer below 500 says that nothing was changed; without one, or with a later failure, nobody knows. */
function wasRefused(error: unknown): boolean {
  const code = apiErrorCode(error)
  return code !== null && code < 500
}

function uidOf(answer: unknown): string | null {
  return (answer as Partial<KubeObject>).metadata?.uid ?? null
}
