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
import type { ImageContents } from '../model/embedded-cluster.ts'
import { clusterInputsWithDefaults } from '../scenario/defaults.ts'
import type { ClusterUpOptions } from './cluster-inputs.ts'
import { serviceLines } from './cluster-services.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

const NOT_RUNNING = 'no embedded cluster is running; start one with: rollproof cluster up\n'

export async function clusterUp(options: ClusterUpOptions, { stdout, env }: Streams): Promise<ExitCode> {
  // The checks need the schema library, which costs as much as the rest of the command.
  const inputs =
    Object.keys(options).length === 0
      ? clusterInputsWithDefaults({})
      : (await import('./cluster-inputs.ts')).clusterInputs(options)
  const folder = stateFolder(env)
  const images = options.images === undefined ? {} : await readImages(options.images)
  const running = readSupervised(folder)
  if (running !== null && options.images !== undefined)
    throw new UsageError(
      `--images ${options.images}: a cluster is already running; end it first: rollproof cluster down`,
    )
  const cluster = running ?? (await startSupervised(folder, { inputs, images }, systemClock))
  stdout.write(`${running === null ? 'started' : 'already running'}: ${describe(cluster)}`)
  return 0
}

async function readImages(file: string): Promise<Record<string, ImageContents>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new UsageError(`--images ${file}: ${code === 'ENOENT' ? 'no such file' : code}`)
  }
  const { parseImagesFile } = await import('../scenario/images-file.ts')
  const parsed = parseImagesFile(text, file)
  if (parsed.ok) return parsed.images
  const { formatProblems } = await import('../scenario/problems.ts')
  throw new UsageError(formatProblems(parsed.problems))
}

export async function clusterStatus({ stdout, env }: Streams): Promise<ExitCode> {
  const cluster = readSupervised(stateFolder(env))
  stdout.write(cluster === null ? NOT_RUNNING : `running: ${describe(cluster)}${await serviceLines(cluster)}`)
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
