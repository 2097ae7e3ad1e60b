/**
 * A cluster of the user's kubeconfig as the place of a run: refused, with all that is missing, before anything is touched;
 * or shown what would be done to it (`--dry-run`).
 */
import { stringify } from 'yaml'
import { systemClock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { embeddedFacts } from '../cluster/context-facts.ts'
import { acquireContext, REQUESTS_PER_SECOND } from '../cluster/context.ts'
import { startLoadOnContext } from '../cluster/context-load.ts'
import { checkGuardRails, type Missing } from '../cluster/guard-rails.ts'
import { sampleAppImages } from '../cluster/images.ts'
import { driverImage, driverImageAmong, plannedLoadJob, startLoadFrom } from '../cluster/load-from.ts'
import { journalFolder } from '../cluster/journal.ts'
import { madeByRun, type ImageNames } from '../cluster/made-by-run.ts'
import { POD_GRACE_SECONDS } from '../cluster/take-back-all.ts'
import { connectKube, type KubeClient } from '../kube/client.ts'
import { kubeconfigFiles, readKubeconfig, type KubeconfigSource } from '../kube/kubeconfig.ts'
import { RUN_LABEL, type MutationRequest } from '../kube/mutation-requests.ts'
import type { KubeObject } from '../kube/types.ts'
import { dryRun } from '../run/dry-run.ts'
import type { Experiment } from '../run/experiment.ts'
import { doingsOf, imageNames, type ContextOptions } from './context-options.ts'
import { UsageError } from './exit-code.ts'
import { rolesText } from './roles-text.ts'
import type { Streams } from './streams.ts'

export interface ContextPlace {
  acquire(signal: AbortSignal): Promise<Cluster>
  /** Everything that the experiments would change, as YAML. */
  plan(experiments: readonly Experiment[]): Promise<string>
}

interface Chosen {
  source: KubeconfigSource
  context: string
  images: ImageNames
  options: ContextOptions
  runId: string
}

/** Throws a UsageError that lists everything that is missing. */
export async function openContext(
  options: ContextOptions,
  experiments: readonly Experiment[],
  runId: string,
  env: Streams['env'],
): Promise<ContextPlace> {
  const source = { files: kubeconfigFiles(options.kubeconfig, env) }
  const { context } = await chosenContext(source, options.context ?? null)
  const chosen: Chosen = { source, context, images: imageNames(options.image ?? []), options, runId }
  await withClient(chosen, client => refuseWhatIsMissing(client, chosen, experiments))
  return {
    acquire: signal =>
      acquireContext({
        kubeconfig: source,
        context,
        kind: 'context',
        namespace: options.namespace ?? null,
        images: chosen.images,
        touchNodes: touchNodes(options),
        runId,
        journals: journalFolder(env),
        clock: systemClock,
        signal,
        startLoad: startLoadOnContext(
          startLoadFrom(options.loadFrom ?? 'inside', driverImageAmong(chosen.images)),
        ),
      }),
    plan: chosenExperiments => withClient(chosen, client => planText(client, chosen, chosenExperiments)),
  }
}

const touchNodes = ({ allowDrain }: ContextOptions): 'allowed' | 'none' =>
  allowDrain === true ? 'allowed' : 'none'

async function chosenContext(source: KubeconfigSource, name: string | null): Promise<{ context: string }> {
  try {
    return await readKubeconfig(source, name)
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

async function withClient<T>(
  { source, context }: Chosen,
  use: (client: KubeClient) => Promise<T>,
): Promise<T> {
  const client = await connectKube(source, { context, requestsPerSecond: REQUESTS_PER_SECOND })
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

async function refuseWhatIsMissing(
  client: KubeClient,
  { context, options, images }: Chosen,
  experiments: readonly Experiment[],
): Promise<void> {
  const missing = await checkGuardRails({
    client,
    context,
    kubectl: [
      'kubectl',
      ...(options.kubeconfig === undefined ? [] : ['--kubeconfig', options.kubeconfig]),
      '--context',
      context,
    ].join(' '),
    named: options.context !== undefined,
    namespace: options.namespace ?? null,
    images,
    allowDrain: options.allowDrain === true,
    builtIn: Object.keys(sampleAppImages()),
    // Of a load from inside.
    driverImages: options.loadFrom === 'host' ? [] : [driverImage.name],
    ...doingsOf(experiments),
  })
  const text = refusal(missing, context, options.namespace ?? 'NAMESPACE')
  if (text !== null) throw new UsageError(text)
}

/** Null when nothing is missing. */
function refusal({ complaints, rights, needed }: Missing, context: string, namespace: string): string | null {
  const lines = complaints.map(complaint => `  - ${complaint}`)
  const lacking = rights.map(({ group, resource, verbs, scope }) => {
    const where = scope === 'cluster' ? 'in the whole cluster' : `in ${namespace}`
    return `  - the right to ${verbs.join(', ')} ${resource}${group === '' ? '' : `.${group}`} ${where}`
  })
  if (lines.length + lacking.length === 0) return null
  const granted =
    rights.length === 0 ? [] : ['what the run needs is granted by:', '---', rolesText(needed, namespace)]
  return [`context ${context}: nothing was touched; missing:`, ...lines, ...lacking, ...granted]
    .join('\n')
    .trimEnd()
}

async function planText(
  client: KubeClient,
  { options, images, runId }: Chosen,
  experiments: readonly Experiment[],
): Promise<string> {
  const rules = { touch: touchNodes(options), runId } as const
  const texts: string[] = []
  const modelled = (await embeddedFacts(client)) !== null
  for (const experiment of experiments) {
    const ownNamespace = options.namespace === undefined
    const namespace = options.namespace ?? `rollproof-${runId}`
    const prepare = (object: KubeObject): KubeObject => madeByRun(object, runId, images)
    const load = (avoidNodes: string[]): KubeObject[] =>
      modelled || options.loadFrom === 'host' ? [] : [plannedLoadJob(namespace, avoidNodes)]
    const plan = { experiment, client, namespace, ownNamespace, rules, prepare, load }
    const { requests, detail } = await dryRun(plan)
    const head = `# ${experiment.name}: ${requests.length} changes${detail === null ? '' : ` (${detail})`}\n`
    const tail = `# at the end each pod with the label ${RUN_LABEL}=${runId} is given ${POD_GRACE_SECONDS} s to go\n`
    texts.push(head + requests.map(requestText).join('') + tail)
  }
  return texts.join('\n')
}

function requestText({ method, path, body }: MutationRequest, index: number): string {
  return `---\n# ${index + 1}. ${method} ${path}\n${stringify(body)}`
}
