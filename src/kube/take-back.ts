/**
 * How changes are taken back, each so that doing it twice, or after somebody else has decided otherwise, does no harm.
 * A change that is not ours any more is left as it is.
 */
import { apiErrorCode } from './api-error.ts'
import type { KubeClient } from './client.ts'
import { isAsPatched } from './merge-patch.ts'
import {
  CORDONED_BY,
  FIELD_MANAGER,
  forgetCordonRequest,
  nodePath,
  patchRequest,
  removeRequest,
  RUN_LABEL,
  uncordonRequest,
  type MutationRequest,
} from './mutation-requests.ts'
import type { KubeObject, Node } from './types.ts'

export type TakenBack = 'taken-back' | 'nothing-left' | 'not-ours'

/** Only what carries the run's label is deleted, and only the object that the run made (`uid` null: not known). */
export async function takeBackObject(
  client: KubeClient,
  path: string,
  runId: string,
  uid: string | null,
): Promise<TakenBack> {
  const there = await read<KubeObject>(client, path)
  if (there === null) return 'nothing-left'
  const { labels = {}, uid: nowUid } = there.metadata
  if (labels[RUN_LABEL] !== runId || (uid !== null && uid !== nowUid)) return 'not-ours'
  const options = { propagationPolicy: 'Background', preconditions: { uid: nowUid } }
  const found = await send(client, removeRequest(path, options))
  return found ? 'taken-back' : 'nothing-left'
}

/** The node is left cordoned when somebody else took over: its mark, or the field's owner, says so. */
export async function takeBackCordon(client: KubeClient, node: string, runId: string): Promise<TakenBack> {
  const there = await read<Node>(client, nodePath(node))
  if (there === null) return 'nothing-left'
  if (there.metadata.annotations?.[CORDONED_BY] !== runId) return 'not-ours'
  if (there.spec.unschedulable === true && isOwnedByUs(there)) {
    if (await send(client, uncordonRequest(node, runId))) return 'taken-back'
  }
  await send(client, forgetCordonRequest(node))
  return 'not-ours'
}

/** Put back only where the object still is as the run left it. */
export async function takeBackPatch(
  client: KubeClient,
  path: string,
  before: unknown,
  after: unknown,
): Promise<TakenBack> {
  const there = await read<KubeObject>(client, path)
  if (there === null) return 'nothing-left'
  if (isAsPatched(there, before)) return 'nothing-left'
  if (!isAsPatched(there, after)) return 'not-ours'
  return (await send(client, patchRequest(path, before))) ? 'taken-back' : 'nothing-left'
}

/** Who set `spec.unschedulable` last is told by the managed fields; where there are none, the mark alone decides. */
function isOwnedByUs({ metadata }: Node): boolean {
  const fields = (metadata.managedFields ?? []) as ManagedFields[]
  const owners = fields.filter(({ fieldsV1 }) => fieldsV1?.['f:spec']?.['f:unschedulable'] !== undefined)
  return owners.length === 0 || owners.some(({ manager }) => manager === FIELD_MANAGER)
}

interface ManagedFields {
  manager?: string
  fieldsV1?: { 'f:spec'?: Record<string, unknown> }
}

async function read<T>(client: KubeClient, path: string): Promise<T | null> {
  try {
    return await client.request<T>('GET', path)
  } catch (error) {
    if (apiErrorCode(error) === 404) return null
    throw error
  }
}

/** False when there is nothing any more to send it to (404), or it is another now (409, 422). */
async function send(client: KubeClient, request: MutationRequest): Promise<boolean> {
  const { method, path, body, contentType } = request
  try {
    await client.request(method, path, { body, contentType })
    return true
  } catch (error) {
    if ([404, 409, 422].includes(apiErrorCode(error) ?? 0)) return false
    throw error
  }
}
