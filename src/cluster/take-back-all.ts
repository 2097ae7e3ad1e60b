/**
 * Takes back what a journal says, latest first, and sees it gone. A run's own end and `rollproof cleanup` are the same
 * code. What fails does not keep the rest from being taken back; doing all of it again does no harm.
 */
import { assertNever } from '../base/assert.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
import { apiErrorCode } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { removeRequest, RUN_LABEL } from '../kube/mutation-requests.ts'
import { takeBackCordon, takeBackObject, takeBackPatch, type TakenBack } from '../kube/take-back.ts'
import type { KubeObject, Pod } from '../kube/types.ts'
import type { JournalEntry } from './journal.ts'

export interface TakeBackPlan {
  client: KubeClient
  clock: Clock
  runId: string
  entries: readonly JournalEntry[]
}

export interface TakeBackOutcome {
  /** What was done, one sentence each. */
  done: string[]
  /** What could not be done, and why. */
  failed: string[]
}

const ATTEMPTS = 5
const FIRST_PAUSE_MS = 250
/** Nothing is measured any more: what the pods still do is of no interest. */
export const POD_GRACE_SECONDS = 1
const GONE_LIMIT_MS = 45_000
const POLL_MS = 300

export async function takeBackAll(plan: TakeBackPlan): Promise<TakeBackOutcome> {
  const { clock, runId, entries } = plan
  const outcome: TakeBackOutcome = { done: [], failed: [] }
  for (const entry of [...entries].reverse()) {
    try {
      const taken = await persist(clock, () => takeBack(plan, entry))
      const sentence = describe(entry, taken)
      if (sentence !== null) outcome.done.push(sentence)
    } catch (error) {
      outcome.failed.push(`${entry.method} ${pathOf(entry)}: ${messageOf(error)}`)
    }
  }
  const made = entries.flatMap(({ undo }) => (undo.kind === 'delete' ? [undo.path] : []))
  try {
    await podsGone(plan, namespacesOf(made), runId)
    await allGone(plan, made)
  } catch (error) {
    outcome.failed.push(messageOf(error))
  }
  return outcome
}

async function takeBack(
  { client, runId }: TakeBackPlan,
  { undo, uid }: JournalEntry,
): Promise<TakenBack | null> {
  switch (undo.kind) {
    case 'nothing':
      return null
    case 'delete':
      return takeBackObject(client, undo.path, runId, uid)
    case 'put-back':
      return takeBackPatch(client, undo.path, undo.before, undo.after)
    case 'uncordon':
      return takeBackCordon(client, undo.node, runId)
    default:
      return assertNever(undo)
  }
}

function describe(entry: JournalEntry, taken: TakenBack | null): string | null {
  const { undo } = entry
  if (taken === null || taken === 'nothing-left' || undo.kind === 'nothing') return null
  if (taken === 'not-ours') {
    return undo.kind === 'put-back' ? `left ${undo.path} as it is: it was changed by others since` : null
  }
  switch (undo.kind) {
    case 'delete':
      return `deleted ${undo.path}`
    case 'put-back':
      return `put back ${undo.path}`
    case 'uncordon':
      return `uncordoned ${undo.node}`
    default:
      return assertNever(undo)
  }
}

const pathOf = ({ undo, path }: JournalEntry): string => (undo.kind === 'delete' ? undo.path : path)

/** No answer, or a server that is only just coming up, is asked again; a refusal is not. */
async function persist<T>(clock: Clock, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action()
    } catch (error) {
      const code = apiErrorCode(error)
      if ((code !== null && code < 500 && code !== 429) || attempt === ATTEMPTS) throw error
      await sleep(clock, FIRST_PAUSE_MS * 2 ** attempt)
    }
  }
}

function namespacesOf(paths: readonly string[]): string[] {
  const named = paths.flatMap(path => /\/namespaces\/([^/]+)/.exec(path)?.[1] ?? [])
  return [...new Set(named)]
}

/** Their controllers are gone, so none comes back; until that is known everywhere, one may be made once more. */
async function podsGone(plan: TakeBackPlan, namespaces: readonly string[], runId: string): Promise<void> {
  const { client, clock } = plan
  const selector = `labelSelector=${encodeURIComponent(`${RUN_LABEL}=${runId}`)}`
  for (const namespace of namespaces) {
    const collection = `/api/v1/namespaces/${namespace}/pods`
    await untilTrue(plan, `pods in ${namespace}`, async () => {
      const { items } = await persist(clock, () =>
        client.request<{ items: Pod[] }>('GET', `${collection}?${selector}`),
      )
      for (const { metadata } of items) {
        const { deletionGracePeriodSeconds: seconds = Infinity } = metadata
        if (seconds > POD_GRACE_SECONDS) await hurry(client, `${collection}/${metadata.name}`)
      }
      return items.length === 0
    })
  }
}

async function hurry(client: KubeClient, path: string): Promise<void> {
  const { method, body, contentType } = removeRequest(path, { gracePeriodSeconds: POD_GRACE_SECONDS })
  try {
    await client.request(method, path, { body, contentType })
  } catch (error) {
    if (apiErrorCode(error) !== 404) throw error
  }
}

/** A namespace is gone some time after it was deleted; so is what has finalizers. */
async function allGone(plan: TakeBackPlan, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await untilTrue(plan, path, async () => {
      try {
        const { metadata } = await persist(plan.clock, () => plan.client.request<KubeObject>('GET', path))
        return metadata.labels?.[RUN_LABEL] !== plan.runId
      } catch (error) {
        if (apiErrorCode(error) === 404) return true
        throw error
      }
    })
  }
}

async function untilTrue(plan: TakeBackPlan, what: string, look: () => Promise<boolean>): Promise<void> {
  const deadlineUs = plan.clock.nowUs() + GONE_LIMIT_MS * 1000
  while (!(await look())) {
    if (plan.clock.nowUs() > deadlineUs)
      throw new Error(`${what}: still there after ${GONE_LIMIT_MS / 1000} s`)
    await sleep(plan.clock, POLL_MS)
  }
}
