/** `rollproof cluster up | status | down`. */
import { readFileSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import {
  readSupervised,
  startSupervised,
  stateFolder,
  stopSupervised,
  type SupervisedCluster,
} from '../cluster/supervised.ts'
import type { AddressMode, ImageContents } from '../model/embedded-cluster.ts'
import { parseImagesFile } from '../scenario/images-file.ts'
import { formatProblems } from '../scenario/problems.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

const NOT_RUNNING = 'no embedded cluster is running; start one with: rollproof cluster up\n'

export interface ClusterUpOptions {
  images?: string
  addresses: AddressMode
}

export async function clusterUp(options: ClusterUpOptions, { stdout, env }: Streams): Promise<ExitCode> {
  const folder = stateFolder(env)
  const images = options.images === undefined ? {} : readImages(options.images)
  const running = readSupervised(folder)
  if (running !== null && options.images !== undefined)
    throw new UsageError(
      `--images ${options.images}: a cluster is already running; end it first: rollproof cluster down`,
    )
  const plan = { images, addresses: options.addresses }
  const cluster = running ?? (await startSupervised(folder, plan, systemClock))
  stdout.write(`${running === null ? 'started' : 'already running'}: ${describe(cluster)}`)
  return 0
}

function readImages(file: string): Record<string, ImageContents> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new UsageError(`--images ${file}: ${code === 'ENOENT' ? 'no such file' : code}`)
  }
  const parsed = parseImagesFile(text, file)
  if (!parsed.ok) throw new UsageError(formatProblems(parsed.problems))
  return parsed.images
}

// eslint-disable-next-line @typescript-eslint/require-await -- commands share one shape
export async function clusterStatus({ stdout, env }: Streams): Promise<ExitCode> {
  const cluster = readSupervised(stateFolder(env))
  stdout.write(cluster === null ? NOT_RUNNING : `running: ${describe(cluster)}`)
  return cluster === null ? 3 : 0
}

export async function clusterDown({ stdout, env }: Streams): Promise<ExitCode> {
  const folder = stateFolder(env)
  const cluster = readSupervised(folder)
  if (cluster !== null) await stopSupervised(folder, cluster, systemClock)
  stdout.write(cluster === null ? NOT_RUNNING : 'the cluster and its pods have ended\n')
  return 0
}

function describe({ url, kubernetesVersion, kubeconfig, pid }: SupervisedCluster): string {
  return [
    `embedded cluster, Kubernetes ${kubernetesVersion} (modelled), ${url}, supervisor process ${pid}`,
    `  export KUBECONFIG=${kubeconfig}`,
    `  kubectl get nodes`,
    '',
  ].join('\n')
}
