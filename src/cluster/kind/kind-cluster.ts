/**
 * A kind cluster of our own: made (or, when it was kept, used again), filled with the sample app's images, and deleted
 * at the end. The user's kubeconfig is never touched: the cluster has a file of its own. What is to be undone is written
 * down before it is done.
 */
import path from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Clock } from '../../base/clock.ts'
import { connectKube } from '../../kube/client.ts'
import { deleteKind } from './delete.ts'
import { awaitNodes } from './await-nodes.ts'
import { defaultShape, isShape, readShape, type KindShape } from './kind-config.ts'
import { loadImages, loadOwnImages, type LoadPlan } from './load-images.ts'
import { preflight } from './preflight.ts'
import { KindUnavailable } from './problem.ts'
import {
  folderOf,
  forget,
  isAlive,
  processId,
  readRecord,
  recordFiles,
  writeRecord,
  type KindRecord,
} from './record.ts'
import { lastWords, toolsOf, type Tool } from './tools.ts'

export interface KindPlan {
  /** Of the run, for a name of its own. */
  runId: string
  image: string | null
  config: string | null
  /** A name: the cluster stays, and is used again. Null: it goes with the run. */
  keep: string | null
  /** Images of the user's own that the manifests name. */
  ownImages: readonly string[]
  /** Where logs go when something fails. */
  logs: string
  env: NodeJS.ProcessEnv
  clock: Clock
  signal: AbortSignal
  say: (text: string) => void
}

export interface KindCluster {
  name: string
  /** Its name in `kubeconfig`. */
  context: string
  kubeconfig: string
  /** kind's own collection, as far as it comes; the folder. */
  collectLogs(): Promise<string>
  release(): Promise<void>
}

const CREATE_LIMIT_MS = 600_000
/** Docker's own measure: a container has 1024. */
const CONTROL_PLANE_SHARES = 8192
const LOGS_LIMIT_MS = 120_000

export async function acquireKind(plan: KindPlan): Promise<KindCluster> {
  const name = plan.keep ?? `rollproof-${plan.runId.slice(-4)}`
  return new KindKeeper(plan, name).acquire()
}

class KindKeeper {
  readonly #plan: KindPlan
  readonly #name: string
  readonly #folder: string
  readonly #tool: Tool

  constructor(plan: KindPlan, name: string) {
    this.#plan = plan
    this.#name = name
    this.#folder = folderOf(plan.env, name)
    this.#tool = toolsOf(plan.env)
  }

  async acquire(): Promise<KindCluster> {
    const { image, config, env, signal, say } = this.#plan
    const shape = config === null ? defaultShape(image) : readShape(config, image)
    if (!isShape(shape)) throw new KindUnavailable([shape])
    const known = await this.#knownRecord()
    const tool = this.#tool
    const problems = await preflight({
      tool,
      env,
      name: this.#name,
      shape,
      ours: known !== null,
      signal,
      say,
    })
    if (problems.length > 0) throw new KindUnavailable(problems)
    signal.throwIfAborted()
    try {
      await (known === null ? this.#create(shape) : this.#useAgain(known, shape))
      await this.#ready()
    } catch (error) {
      await this.#undo(error, known === null)
      signal.throwIfAborted()
      throw error
    }
    return {
      name: this.#name,
      context: `kind-${this.#name}`,
      kubeconfig: path.join(this.#folder, recordFiles.kubeconfig),
      collectLogs: () => this.#collectLogs(),
      release: () => this.#release(),
    }
  }

  /** Ours, whole and there; null when it is to be made. */
  async #knownRecord(): Promise<KindRecord | null> {
    const record = readRecord(this.#folder)
    if (record === null) return null
    if (record.user !== null && isAlive(record.user)) {
      const message =
        `another run (process ${record.user.pid}) uses the kind cluster ${this.#name}: ` +
        'wait for it, or choose another name with --keep NAME'
      throw new KindUnavailable([{ fault: 'asked', message }])
    }
    if (record.complete && record.keep && (await this.#isThere())) return record
    // A killed run left it half made, or it was deleted by hand: what is known of it is worth nothing.
    if (!record.complete && (await this.#isThere())) await deleteKind(this.#tool, this.#plan.env, this.#name)
    else forget(this.#folder)
    return null
  }

  async #undo(error: unknown, made: boolean): Promise<void> {
    if (!this.#plan.signal.aborted && !(error instanceof KindUnavailable))
      this.#plan.say(`kind: the nodes' logs are in ${await this.#collectLogs()}`)
    // A cluster that was kept, and does not come up in time, is still the user's to look at.
    if (made) await deleteKind(this.#tool, this.#plan.env, this.#name)
    else this.#giveBack()
  }

  async #isThere(): Promise<boolean> {
    const end = await this.#tool('kind', ['get', 'clusters'])
    return end.stdout.split('\n').includes(this.#name)
  }

  async #useAgain(record: KindRecord, shape: KindShape): Promise<void> {
    const { image, config, say } = this.#plan
    const differs = [...record.images].sort().join() !== [...shape.images].sort().join()
    if ((image !== null || config !== null) && differs) {
      const message =
        `the kept cluster ${this.#name} was made of ${record.images.join(', ')}, not of ${shape.images.join(', ')}: ` +
        `choose another name with --keep NAME, or delete it (kind delete cluster --name ${this.#name})`
      throw new KindUnavailable([{ fault: 'asked', message }])
    }
    writeRecord(this.#folder, { ...record, user: processId(process.pid) })
    const stopped = await this.#stoppedNodes()
    if (stopped.length > 0) {
      const message = `the kept cluster ${this.#name} is stopped: docker start ${stopped.join(' ')}, or delete it (kind delete cluster --name ${this.#name})`
      throw new KindUnavailable([{ fault: 'here', message }])
    }
    say(`kind: using the kept cluster ${this.#name} again`)
    await this.#writeKubeconfig()
  }

  async #create(shape: KindShape): Promise<void> {
    const { keep, signal, say } = this.#plan
    const user = processId(process.pid)
    const record: KindRecord = {
      name: this.#name,
      user,
      creator: null,
      keep: keep !== null,
      complete: false,
      images: shape.images,
    }
    writeRecord(this.#folder, record)
    const config = path.join(this.#folder, recordFiles.config)
    writeFileSync(config, shape.text)
    const args = ['create', 'cluster', '--name', this.#name, '--config', config, '--retain']
    args.push('--kubeconfig', path.join(this.#folder, recordFiles.kubeconfig))
    if (shape.image !== null) args.push('--image', shape.image)
    say(`kind: making the cluster ${this.#name}, ${shape.nodes} nodes of ${shape.images.join(', ')}`)
    const end = await this.#tool('kind', args, {
      signal,
      limitMs: CREATE_LIMIT_MS,
      onLine: line => {
        const step = /^\s*•\s+(.*\S)/.exec(line)?.[1]
        if (step !== undefined) say(`kind: ${step}`)
      },
      onPid: pid => writeRecord(this.#folder, { ...record, creator: processId(pid) }),
    })
    signal.throwIfAborted()
    if (end.exitCode !== 0)
      throw new Error(
        `kind create cluster ${end.exitCode === null ? `did not end within ${CREATE_LIMIT_MS / 1000} s` : 'failed'}: ${lastWords(end)}`,
      )
    writeRecord(this.#folder, { ...record, complete: true })
  }

  async #ready(): Promise<void> {
    const { clock, env, ownImages: own, signal, say } = this.#plan
    const nodes = await this.#nodes()
    await this.#preferControlPlane(nodes)
    const client = await connectKube(await this.#kubeconfigText())
    const load: LoadPlan = { tool: this.#tool, env, name: this.#name, nodes, own, signal, say }
    try {
      await Promise.all([
        awaitNodes({ client, clock, signal, nodes: nodes.length, say }),
        loadImages(load).then(() => loadOwnImages(load)),
      ])
    } finally {
      client.close()
    }
    signal.throwIfAborted()
  }

  /**
   * The drivers of the load run on the control plane, and a node is a container of Docker's: where the nodes share few
   * processors, each of the workers would get as much of them as all drivers together.
   */
  async #preferControlPlane(nodes: readonly string[]): Promise<void> {
    const preferred = nodes.filter(node => node.startsWith(`${this.#name}-control-plane`))
    const end = await this.#tool('docker', [
      'update',
      '--cpu-shares',
      String(CONTROL_PLANE_SHARES),
      ...preferred,
    ])
    // Rootless engines may not be able to. The recording shows whether the drivers had their processors.
    if (end.exitCode !== 0)
      this.#plan.say(`kind: the control plane gets no more processor than a worker: ${lastWords(end)}`)
  }

  async #nodes(): Promise<string[]> {
    const end = await this.#tool('kind', ['get', 'nodes', '--name', this.#name])
    return end.stdout.split('\n').filter(line => line !== '')
  }

  async #stoppedNodes(): Promise<string[]> {
    const nodes = await this.#nodes()
    const end = await this.#tool('docker', ['inspect', '--format', '{{.State.Running}}', ...nodes])
    const running = end.stdout.split('\n')
    return nodes.filter((_, index) => running[index] !== 'true')
  }

  async #kubeconfigText(): Promise<string> {
    const end = await this.#tool('kind', ['get', 'kubeconfig', '--name', this.#name])
    if (end.exitCode !== 0) throw new Error(`kind get kubeconfig: ${lastWords(end)}`)
    return end.stdout
  }

  /** The port of the API server may be another since the last time. */
  async #writeKubeconfig(): Promise<void> {
    const file = path.join(this.#folder, recordFiles.kubeconfig)
    writeFileSync(file, await this.#kubeconfigText(), { mode: 0o600 })
  }

  async #collectLogs(): Promise<string> {
    const { logs } = this.#plan
    // It may end with an error after it has written its files (without crictl on the nodes, say): what there is, is there.
    await this.#tool('kind', ['export', 'logs', logs, '--name', this.#name], { limitMs: LOGS_LIMIT_MS })
    return logs
  }

  #giveBack(): void {
    const record = readRecord(this.#folder)
    if (record !== null) writeRecord(this.#folder, { ...record, user: null, creator: null })
  }

  async #release(): Promise<void> {
    const { keep, say } = this.#plan
    if (keep === null) return deleteKind(this.#tool, this.#plan.env, this.#name)
    this.#giveBack()
    say(`kind: the cluster ${this.#name} stays; kind delete cluster --name ${this.#name} deletes it`)
  }
}
