/**
 * Everything that can be known beforehand to be missing, told at once and before anything is made: Docker, kind and its
 * version, memory, disk and file watchers, the cluster's name, the node images.
 */
import { existsSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { askDocker, type DockerFacts } from './docker-daemon.ts'
import type { KindShape } from './kind-config.ts'
import type { KindProblem } from './problem.ts'
import { lastWords, NOT_FOUND, type Tool } from './tools.ts'

export interface PreflightPlan {
  tool: Tool
  env: NodeJS.ProcessEnv
  name: string
  shape: KindShape
  /** The cluster is there and ours: it is used again, and needs no room. */
  ours: boolean
  signal: AbortSignal
  say: (text: string) => void
}

/** Before it, kind does not run nodes of a version as new as ours. */
const OLDEST_KIND = [0, 20] as const
const GIB = 1024 ** 3
/** Measured: 0.5 GB for a control plane, 0.1 GB for a worker; and 1 GB for the pods of an experiment and its drivers. */
const CONTROL_PLANE_BYTES = 1.5 * GIB
const WORKER_BYTES = 0.1 * GIB
/** Measured: 0.4 GB a node at first, and twice the sample app's image of 0.1 GB on each. */
const NODE_DISK_BYTES = 0.7 * GIB
const WATCHERS_PER_NODE = 18
const WATCHERS_FILE = '/proc/sys/fs/inotify/max_user_instances'
const PULL_LIMIT_MS = 600_000

export async function preflight(plan: PreflightPlan): Promise<KindProblem[]> {
  const { tool, env, ours, shape } = plan
  const [docker, kind] = await Promise.all([askDocker(tool, env), askKind(tool)])
  const problems = kind === null ? [] : [kind]
  if ('fault' in docker) return [docker, ...problems]
  if (!ours) {
    problems.push(...memoryProblems(docker, shape), ...(await diskProblems(docker, shape)))
    problems.push(...(await watcherProblems(tool, docker, shape)))
    if (kind === null) problems.push(...(await nameProblems(plan)))
    // Pulling takes time: not for a cluster that cannot be made anyway.
    if (problems.length === 0) problems.push(...(await imageProblems(plan)))
  }
  return problems
}

async function askKind(tool: Tool): Promise<KindProblem | null> {
  const end = await tool('kind', ['version'])
  if (end.exitCode === NOT_FOUND)
    return here(
      'kind is not installed (or not on the PATH): install it (https://kind.sigs.k8s.io/docs/user/quick-start), or leave out --cluster kind',
    )
  if (end.exitCode !== 0) return here(`kind does not run here: ${lastWords(end)}`)
  const [, major, minor] = /\bv?(\d+)\.(\d+)\.\d+/.exec(end.stdout) ?? []
  const version = [Number(major), Number(minor)] as const
  const tooOld = version[0] < OLDEST_KIND[0] || (version[0] === OLDEST_KIND[0] && version[1] < OLDEST_KIND[1])
  if (!tooOld) return null
  return here(
    `this is ${end.stdout.trim()}; rollproof needs kind v${OLDEST_KIND.join('.')} or newer: install a newer one`,
  )
}

function memoryProblems(
  { memoryBytes, hostName }: DockerFacts,
  { nodes, workers }: KindShape,
): KindProblem[] {
  const neededBytes = CONTROL_PLANE_BYTES * (nodes - workers) + WORKER_BYTES * workers
  const freeBytes = hostName === os.hostname() ? availableBytes() : null
  const hasBytes = freeBytes ?? memoryBytes
  if (hasBytes === 0 || hasBytes >= neededBytes) return []
  const what = freeBytes === null ? 'Docker has' : 'there are'
  return [
    here(
      `a cluster of ${nodes} nodes needs about ${inGib(neededBytes)} of memory, and ${what} ${inGib(hasBytes)}: ` +
        'end something else, give Docker more, or ask for fewer workers with --kind-config',
    ),
  ]
}

/** What processes can still have; null where the system does not tell. */
function availableBytes(): number | null {
  try {
    const [, kib] = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
    return kib === undefined ? null : Number(kib) * 1024
  } catch {
    return null
  }
}

async function diskProblems({ rootFolder }: DockerFacts, { nodes }: KindShape): Promise<KindProblem[]> {
  // Docker in a machine of its own keeps its data there.
  if (rootFolder === '' || !existsSync(rootFolder)) return []
  const { bavail, bsize } = await statfs(rootFolder)
  const neededBytes = NODE_DISK_BYTES * nodes
  if (bavail * bsize >= neededBytes) return []
  return [
    here(
      `a cluster of ${nodes} nodes needs about ${inGib(neededBytes)} of disk, and ${rootFolder} has ` +
        `${inGib(bavail * bsize)}: make room, as with \`docker system prune\``,
    ),
  ]
}

/** Every node's system, kubelet and pods watch files: measured, 17 watchers a node; past the limit kube-proxy does not start. */
async function watcherProblems(
  tool: Tool,
  { hostName }: DockerFacts,
  { nodes }: KindShape,
): Promise<KindProblem[]> {
  const limit = hostName === os.hostname() ? readNumber(WATCHERS_FILE) : null
  if (limit === null) return []
  const running = await tool('docker', ['ps', '--quiet', '--filter', 'label=io.x-k8s.kind.cluster'])
  const there = running.stdout.split('\n').filter(line => line !== '').length
  if ((there + nodes) * WATCHERS_PER_NODE <= limit) return []
  const beside = there === 0 ? '' : ` beside the ${there} nodes of kind clusters that run already`
  return [
    here(
      `this machine allows ${limit} file watchers, too few for ${nodes} nodes${beside}: allow more ` +
        '(sudo sysctl fs.inotify.max_user_instances=512), delete another kind cluster, or ask for fewer workers with --kind-config',
    ),
  ]
}

function readNumber(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

async function nameProblems({ tool, name }: PreflightPlan): Promise<KindProblem[]> {
  const end = await tool('kind', ['get', 'clusters'])
  if (end.exitCode !== 0) return [here(`kind get clusters: ${lastWords(end)}`)]
  if (!end.stdout.split('\n').includes(name)) return []
  return [
    asked(
      `there is a kind cluster ${name} already, which rollproof did not make: choose another name with --keep NAME, ` +
        `use that one with --context kind-${name}, or delete it (kind delete cluster --name ${name})`,
    ),
  ]
}

async function imageProblems({ tool, shape, signal, say }: PreflightPlan): Promise<KindProblem[]> {
  const problems: KindProblem[] = []
  for (const image of shape.images) {
    if ((await tool('docker', ['image', 'inspect', image])).exitCode === 0) continue
    say(`kind: the node image ${image} is not here: pulling it`)
    const end = await tool('docker', ['pull', '--quiet', image], { signal, limitMs: PULL_LIMIT_MS })
    if (end.exitCode === 0 || signal.aborted) continue
    const here = await nodeImages(tool)
    const others = here.length === 0 ? '' : ` (here ${here.length === 1 ? 'is' : 'are'} ${here.join(', ')})`
    problems.push(
      asked(
        `the node image ${image} is not on this machine and could not be pulled: ${lastWords(end)}; ` +
          `name another with --kind-image${others}`,
      ),
    )
  }
  return problems
}

/** Images of this machine that look like kind's, by their name. */
async function nodeImages(tool: Tool): Promise<string[]> {
  const end = await tool('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}'])
  return end.stdout
    .split('\n')
    .filter(image => /kind[^:]*node[^:]*:v\d/.test(image) || /^kindest\/node:/.test(image))
}

function inGib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`
}

function here(message: string): KindProblem {
  return { fault: 'here', message }
}

function asked(message: string): KindProblem {
  return { fault: 'asked', message }
}
