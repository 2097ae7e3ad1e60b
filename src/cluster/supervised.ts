/**
 * An embedded cluster that outlives the command that started it. Its supervisor is a process of its own that holds the
 * cluster's standard input, so that killing the supervisor, in whatever way, ends the cluster and its pods.
 */
import { spawn } from 'node:child_process'
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { sleep, type Clock } from '../base/clock.ts'
import { programPath } from '../base/package-root.ts'
import type { ImageContents } from '../model/embedded-cluster.ts'
import type { ClusterInputs } from '../model/scenario.ts'

export interface SupervisedCluster {
  pid: number
  url: string
  kubeconfig: string
  kubernetesVersion: string
  startedUs: number
}

export function stateFolder(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_STATE_HOME ?? path.join(os.homedir(), '.local', 'state')
  return path.join(base, 'rollproof', 'cluster')
}

const files = { state: 'state.json', kubeconfig: 'kubeconfig', log: 'supervisor.log' } as const
const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 10_000
const POLL_MS = 20

/** The running cluster, or null; a state file whose supervisor is gone counts as none. */
export function readSupervised(folder: string): SupervisedCluster | null {
  try {
    const state = JSON.parse(readFileSync(path.join(folder, files.state), 'utf8')) as SupervisedCluster
    return isSupervisor(state.pid) ? state : null
  } catch {
    return null
  }
}

/** What is asked of the cluster. */
export interface SupervisedPlan {
  inputs: ClusterInputs
  /** Beside the sample app's. */
  images: Record<string, ImageContents>
}

export async function startSupervised(
  folder: string,
  plan: SupervisedPlan,
  clock: Clock,
): Promise<SupervisedCluster> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // It may be there already, and open to others.
  chmodSync(folder, 0o700)
  forgetSupervised(folder)
  const logFile = path.join(folder, files.log)
  const log = openSync(logFile, 'w', 0o600)
  const child = spawn(process.execPath, [programPath('supervisor'), folder, JSON.stringify(plan)], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: folder,
  })
  closeSync(log)
  let ended = false
  child.once('exit', () => (ended = true))
  child.unref()
  const deadlineUs = clock.nowUs() + START_LIMIT_MS * 1000
  const hasEnded = (): boolean => ended
  while (!hasEnded() && clock.nowUs() < deadlineUs) {
    const state = readSupervised(folder)
    if (state !== null) return state
    await sleep(clock, POLL_MS)
  }
  if (!hasEnded()) child.kill('SIGTERM')
  throw new Error(`the cluster did not start: ${readFileSync(logFile, 'utf8').trim() || 'no reason given'}`)
}

/** Resolves when the supervisor, and so the cluster, has ended. */
export async function stopSupervised(
  folder: string,
  { pid }: SupervisedCluster,
  clock: Clock,
): Promise<void> {
  process.kill(pid, 'SIGTERM')
  const deadlineUs = clock.nowUs() + STOP_LIMIT_MS * 1000
  while (isSupervisor(pid)) {
    if (clock.nowUs() > deadlineUs) throw new Error(`the supervisor (process ${pid}) did not end`)
    await sleep(clock, POLL_MS)
  }
  forgetSupervised(folder)
}

/** Called by the supervisor once its cluster serves. The state comes last: whoever reads it finds the kubeconfig. */
export function publishSupervised(
  folder: string,
  state: Omit<SupervisedCluster, 'kubeconfig'>,
  config: string,
): void {
  const kubeconfig = path.join(folder, files.kubeconfig)
  writeFileSync(kubeconfig, config, { mode: 0o600 })
  writeFileSync(path.join(folder, files.state), `${JSON.stringify({ ...state, kubeconfig })}\n`, {
    mode: 0o600,
  })
}

export function forgetSupervised(folder: string): void {
  for (const file of [files.state, files.kubeconfig]) rmSync(path.join(folder, file), { force: true })
}

/** A process id may have been given to another program since: where the system tells, its command line is looked at. */
function isSupervisor(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('supervisor')
  } catch {
    return process.platform !== 'linux'
  }
}
