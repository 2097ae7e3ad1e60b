/**
 * Whether a run may use a cluster at all: everything that is missing, at once, with what to do about it, before anything is
 * touched. Only reading and asking for rights.
 */
import { apiErrorCode } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { RUN_LABEL } from '../kube/mutation-requests.ts'
import { collectionPath } from '../kube/resource-path.ts'
import type { Deployment, KubeObject, Node, Pod } from '../kube/types.ts'
import { ALLOWED_LABEL } from '../model/node-rules.ts'
import { missingRights } from './access-check.ts'
import { imagesOf, type ImageNames } from './made-by-run.ts'
import { rightsFor, type Doings, type Right } from './rbac.ts'

export interface GuardedRun extends Omit<Doings, 'ownNamespace'> {
  client: KubeClient
  context: string
  /** How the user calls kubectl on it, for the advice. */
  kubectl: string
  /** Whether the context was named on the command line, or only is the current one. */
  named: boolean
  /** Null: one is to be made for each experiment. */
  namespace: string | null
  images: ImageNames
  allowDrain: boolean
  /** Sample-app images, which no registry has. */
  builtIn: readonly string[]
  /** Images that the run uses itself, from no registry either. */
  driverImages: readonly string[]
}

export interface Missing {
  /** What is missing, and what to do. */
  complaints: string[]
  rights: Right[]
  /** All that the run needs, whether missing or not. */
  needed: Right[]
}

export async function checkGuardRails(run: GuardedRun): Promise<Missing> {
  const { client, namespace } = run
  const nodes = await readable<{ items: Node[] }>(client, '/api/v1/nodes')
  const harmless = isHarmless(client.server, run.context, nodes?.items ?? [])
  const complaints = [
    ...(harmless || run.named ? [] : [unnamed(run.context)]),
    ...(await namespaceComplaints(run, harmless)),
    ...imageComplaints(run, harmless),
    ...nodeComplaints(run, nodes?.items ?? null),
  ]
  const needed = rightsFor({ ...run, ownNamespace: namespace === null && harmless })
  const rights = await missingRights(client, needed, namespace)
  return { complaints, rights, needed }
}

/** kind makes such contexts, and its nodes say so; a loopback server is on this machine, as the embedded cluster's is. */
export function isHarmless(server: string, context: string, nodes: readonly Node[]): boolean {
  if (isLoopback(new URL(server).hostname)) return true
  const ofKind = ({ spec }: Node): boolean => spec.providerID?.startsWith('kind://') === true
  return context.startsWith('kind-') && nodes.length > 0 && nodes.every(ofKind)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

function unnamed(context: string): string {
  return `the context ${context} is only the current one of the kubeconfig; name it if you mean it: --context ${context}`
}

async function namespaceComplaints(run: GuardedRun, harmless: boolean): Promise<string[]> {
  const { client, namespace } = run
  if (namespace === null) {
    return harmless ? [] : ['no namespace is named; name one that rollproof may use: -n NAMESPACE']
  }
  const found = await readable<KubeObject>(client, `/api/v1/namespaces/${namespace}`)
  const label = `${run.kubectl} label namespace ${namespace} ${ALLOWED_LABEL}=true`
  if (found === null) {
    const make = `${run.kubectl} create namespace ${namespace}`
    return [
      `the namespace ${namespace} is not there, or may not be read:\n    ${make}${harmless ? '' : `\n    ${label}`}`,
    ]
  }
  const labelled = harmless || found.metadata.labels?.[ALLOWED_LABEL] === 'true'
  const foreign = await occupants(run, namespace)
  return [
    ...(labelled ? [] : [`the namespace ${namespace} lacks the label ${ALLOWED_LABEL}=true:\n    ${label}`]),
    ...foreign,
  ]
}

/** What is there already under the names, or the labels, that the run would use. */
async function occupants({ client, objects }: GuardedRun, namespace: string): Promise<string[]> {
  const complaints: string[] = []
  const paths = new Map(
    objects.map(object => [`${collectionPath(object, namespace)}/${object.metadata.name}`, object]),
  )
  for (const [path, { kind, metadata }] of paths) {
    if ((metadata.namespace ?? namespace) !== namespace) {
      complaints.push(
        `${kind} ${metadata.name} belongs into the namespace ${metadata.namespace ?? ''}, not ${namespace}`,
      )
      continue
    }
    const found = await readable<KubeObject>(client, path)
    if (found !== null) complaints.push(`${kind} ${metadata.name} is already there, ${ownerOf(found)}`)
  }
  const pods = await readable<{ items: Pod[] }>(client, `/api/v1/namespaces/${namespace}/pods`)
  for (const object of paths.values()) {
    if (object.kind !== 'Deployment') continue
    const { matchLabels = {} } = (object as Deployment).spec.selector
    const like = (pods?.items ?? []).filter(({ metadata }) =>
      Object.entries(matchLabels).every(([key, value]) => metadata.labels?.[key] === value),
    )
    const [first] = like
    if (first === undefined) continue
    const carriers = like.length === 1 ? 'a pod carries' : `${like.length} pods carry`
    complaints.push(
      `${carriers} the labels of the Deployment ${object.metadata.name} already ` +
        `(${first.metadata.name}, ${ownerOf(first)}), and would get its requests`,
    )
  }
  return complaints
}

function ownerOf({ metadata }: KubeObject): string {
  const run = metadata.labels?.[RUN_LABEL]
  if (run === undefined) return 'and not made by rollproof: use another namespace'
  return `made by run ${run}: wait for it, use another namespace, or take it back with: rollproof cleanup`
}

function imageComplaints(
  { objects, images, builtIn, driverImages }: GuardedRun,
  harmless: boolean,
): string[] {
  if (harmless) return []
  const needed = new Set([
    ...objects.flatMap(imagesOf).filter(image => builtIn.includes(image)),
    ...driverImages,
  ])
  return [...needed]
    .filter(image => images[image] === undefined)
    .map(image => `the image ${image} is in no registry; say what it is called here: --image ${image}=IMAGE`)
}

function nodeComplaints(
  { cordons, drains, allowDrain, kubectl }: GuardedRun,
  nodes: Node[] | null,
): string[] {
  if (!cordons && !drains) return []
  const what = drains ? 'drains a node' : 'cordons nodes for a moment, to place pods'
  const complaints = allowDrain ? [] : [`a chosen experiment ${what}; allow it: --allow-drain`]
  if (nodes === null)
    return [...complaints, `whether nodes carry the label ${ALLOWED_LABEL}=true could not be read`]
  const workers = nodes.filter(
    ({ spec }) => !(spec.taints ?? []).some(({ effect }) => effect === 'NoSchedule'),
  )
  const unlabelled = workers.filter(({ metadata }) => metadata.labels?.[ALLOWED_LABEL] !== 'true')
  const label = (names: string): string => `\n    ${kubectl} label node ${names} ${ALLOWED_LABEL}=true`
  const names = unlabelled.map(({ metadata }) => metadata.name)
  // A placement cordons all nodes but one or two: any of them.
  if (cordons && names.length > 0)
    complaints.push(
      `a placement cordons nodes, and these lack the label ${ALLOWED_LABEL}=true:${label(names.join(' '))}`,
    )
  else if (drains && unlabelled.length === workers.length)
    complaints.push(
      `no node carries the label ${ALLOWED_LABEL}=true, so none may be drained:${label('NODE')}`,
    )
  return complaints
}

/** Null when it is not there, or may not be read: then the rights say which is missing. */
async function readable<T>(client: KubeClient, path: string): Promise<T | null> {
  try {
    return await client.request<T>('GET', path)
  } catch (error) {
    const code = apiErrorCode(error)
    if (code === 404 || code === 403) return null
    throw error
  }
}
