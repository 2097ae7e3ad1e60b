/**
 * One experiment from top to bottom:
 *
 *   acquire the cluster · apply the workload, wait until ready · start the witnesses, wait until synced · start the
 *   load, warm up · baseline · disrupt · settle until every old pod is gone · cool-down · stop sending, let open
 *   requests end · read the rest of the ledger · close the recording · release everything in reverse order
 *
 * It produces evidence, not conclusions. Whatever breaks on the way is written into the manifest, and the recording so far
 * stays readable.
 */
import { setMaxListeners } from 'node:events'
import { Cleanup } from '../base/cleanup.ts'
import { sleep, type Clock, type Timer } from '../base/clock.ts'
import type { K6Executable } from '../base/k6-executable.ts'
import { messageOf } from '../base/message-of.ts'
import type { Cluster, LoadOrder } from '../cluster/cluster.ts'
import type { LoadProcess } from '../cluster/load-process.ts'
import { disruptions } from '../disruption/disruptions.ts'
import type { DisruptionContext } from '../disruption/disruption.ts'
import type { DriverFacts, Manifest, Provenance } from '../model/recording.ts'
import { RECORDING_VERSION } from '../model/recording.ts'
import type { LedgerEntry, MarkName, Transition } from '../model/transition.ts'
import { observe } from '../observe/observe.ts'
import { RecordingWriter } from '../recording/writer.ts'
import { AwaitedAnswers } from './awaited-answers.ts'
import { deploy } from './deploy.ts'
import { reasonOfEarlyEnd } from './early-end.ts'
import { keepsLedger, workloadOf, type Experiment } from './experiment.ts'
import { LiveView } from './live-view.ts'
import type { LoadRoom } from './matrix.ts'
import { afterDisruption } from './settle.ts'

export interface RunPlan {
  experiment: Experiment
  acquire: () => Promise<Cluster>
  /** Folder of this run's recording; must not exist. */
  folder: string
  runId: string
  /** 8 lower-case hex digits. */
  runPrefix: string
  seed: number
  provenance: Provenance
  /** Makes the load in the place of our own driver; null: our own does. */
  k6: K6Executable | null
  clock: Clock
  /** Aborted with a reason (a string) when the user interrupts. */
  signal: AbortSignal
  /** Shared by the experiments of a run. */
  loadRoom: LoadRoom
  onPhase: (phase: MarkName | 'start-cluster' | 'wait-for-room' | 'clean-up') => void
  onLoad: (live: { sent: number; failed: number }) => void
  /** What a disruption chose on a cluster that is not of our making, and why. */
  onChosen: (what: string) => void
  /** Something could not be ended or taken back. */
  onLeft: (what: string) => void
}

const DEPLOY_LIMIT_MS = 90_000
/** Pods and namespaces of a real cluster take their time to go. */
const RELEASE_LIMIT_MS = 150_000
const SYNC_LIMIT_MS = 10_000
/** The warm-up ends after this long without a failure; a workload that never manages that has a dirty baseline. */
const CLEAN_MS = 500
const WARM_UP_LIMIT_MS = 20_000
const BASELINE_MS = 1500
const COOL_DOWN_MS = 1000
const LEDGER_LIMIT_MS = 3000
const POLL_MS = 100
const REPORT_MS = 500
/** The driver stops by itself after this, whatever becomes of us. */
const MAX_LOAD_MS = 600_000

/** Resolves with the manifest of the closed recording; rejects when there is none (no cluster, no folder). */
export async function run(plan: RunPlan): Promise<Manifest> {
  const cleanup = new Cleanup(plan.clock)
  plan.onPhase('start-cluster')
  const cluster = await plan.acquire()
  cleanup.add('cluster', () => cluster.release(), RELEASE_LIMIT_MS)
  const broken = new AbortController()
  const manifest = newManifest(plan, cluster)
  try {
    const writer = await RecordingWriter.create(plan.folder, manifest, plan.clock, error =>
      broken.abort(`the recording could not be written: ${error.message}`),
    )
    cleanup.add('recording', () => writer.close(manifest))
    cluster.lost.catch((error: unknown) => broken.abort(messageOf(error)))
    await new Conduct(plan, cluster, writer, manifest, broken, cleanup).conduct()
  } catch (error) {
    manifest.interrupted ??= messageOf(error)
  }
  manifest.endedUs = plan.clock.nowUs()
  plan.onPhase('clean-up')
  for (const { what, error } of await cleanup.run()) plan.onLeft(`${what}: ${messageOf(error)}`)
  return manifest
}

/** The phases, and what they share. */
class Conduct {
  readonly #plan: RunPlan
  readonly #cluster: Cluster
  readonly #writer: RecordingWriter
  readonly #manifest: Manifest
  /** Ends the run from within, with the reason. */
  readonly #broken: AbortController
  readonly #signal: AbortSignal
  readonly #cleanup: Cleanup
  readonly #logsDue = new AbortController()
  readonly #view: LiveView
  readonly #awaited: AwaitedAnswers

  constructor(
    plan: RunPlan,
    cluster: Cluster,
    writer: RecordingWriter,
    manifest: Manifest,
    broken: AbortController,
    cleanup: Cleanup,
  ) {
    this.#plan = plan
    this.#cluster = cluster
    this.#writer = writer
    this.#manifest = manifest
    this.#broken = broken
    this.#signal = AbortSignal.any([plan.signal, broken.signal])
    this.#cleanup = cleanup
    this.#view = new LiveView(plan.clock, cluster.facts.vantage)
    this.#awaited = new AwaitedAnswers(plan.runPrefix)
  }

  async conduct(): Promise<void> {
    const { clock } = this.#plan
    await this.#phase('deploy', () => this.#deploy())
    await this.#startWitnesses()
    this.#plan.onPhase('wait-for-room')
    const giveBack = await this.#plan.loadRoom.take(this.#requestsPerSecond())
    this.#cleanup.add('room for load', giveBack)
    this.#signal.throwIfAborted()
    const load = await this.#startLoad()
    this.#reportLoad(load)
    await this.#phase('warm-up', () => this.#warmUp(load))
    await this.#phase('baseline', () => sleep(clock, BASELINE_MS, this.#signal))
    await this.#phase('disruption', () => this.#disrupt())
    await this.#phase('settle', () => this.#settle())
    await this.#phase('cool-down', () => sleep(clock, COOL_DOWN_MS, this.#signal))
    load.stop()
    // From here on nothing new is sent: the next experiment may begin.
    giveBack()
    await this.#phase('drain-load', () => this.#drainLoad(load))
  }

  async #phase(what: MarkName, action: () => Promise<void>): Promise<void> {
    const { clock, onPhase } = this.#plan
    onPhase(what)
    const mark = { what, beginUs: clock.nowUs(), endUs: null, detail: null }
    this.#writer.mark(mark)
    await action()
    this.#signal.throwIfAborted()
    this.#writer.mark({ ...mark, endUs: clock.nowUs() })
  }

  #deploy(): Promise<void> {
    const { clock, experiment } = this.#plan
    return deploy({
      client: this.#cluster.client,
      mutations: this.#cluster.mutations,
      rules: this.#cluster.nodeRules,
      clock,
      signal: this.#signal,
      namespace: this.#cluster.namespace,
      objects: experiment.objects,
      placement: experiment.scenario.placement,
      limitMs: DEPLOY_LIMIT_MS,
    })
  }

  async #startWitnesses(): Promise<void> {
    const { clock, experiment } = this.#plan
    const { workload, dependency, port } = experiment.scenario
    const stop = new AbortController()
    // One listener for each witness and each pod's log.
    setMaxListeners(0, stop.signal, this.#logsDue.signal)
    if (this.#cluster.readsLogs === 'live') this.#logsDue.abort()
    this.#cleanup.add('witnesses', () => stop.abort())
    void observe(
      {
        client: this.#cluster.client,
        clock,
        signal: stop.signal,
        namespace: this.#cluster.namespace,
        podLabels: workloadOf(experiment).spec.selector.matchLabels ?? {},
        workloads: [workload, dependency],
        service: workload,
        forwardingService: `${this.#cluster.namespace}/${workload}:${port}`,
        record: transition => this.#record(transition),
        recordLedger: entry => this.#recordLedger(entry),
        logsDue: this.#logsDue.signal,
      },
      this.#cluster.witnesses,
    )
    // A witness that never syncs is for the analysis to judge.
    const { witnesses } = this.#cluster
    await this.#view.until(
      view => witnesses.every(name => view.synced.has(name)),
      SYNC_LIMIT_MS,
      this.#signal,
    )
  }

  #record(transition: Transition): void {
    this.#writer.transition(transition)
    this.#view.accept(transition)
  }

  #recordLedger(entry: LedgerEntry): void {
    this.#writer.ledger(entry)
    this.#awaited.noteLedger(entry)
  }

  #requestsPerSecond(): number {
    const { populations } = this.#plan.experiment.scenario.load
    return populations.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0)
  }

  async #startLoad(): Promise<LoadProcess> {
    const { experiment, runPrefix, seed, k6, clock } = this.#plan
    const { load: profile, workload, port, k6Script } = experiment.scenario
    const order: LoadOrder = {
      version: 1,
      runPrefix,
      host: workload,
      profile,
      seed,
      maxDurationMs: MAX_LOAD_MS,
      maxInFlight: this.#requestsPerSecond() * 10,
      ...(k6 === null ? {} : { k6: { executable: k6.file, version: k6.version, script: k6Script ?? null } }),
    }
    const writer = this.#writer
    const load = await this.#cluster.startLoad(
      order,
      { name: workload, port },
      {
        sample: row => {
          writer.sample(row)
          this.#awaited.noteSample(row)
        },
        stall: stall => writer.stall(stall),
        probe: probe => writer.probe(probe),
        limits: limits => writer.limits(limits),
      },
    )
    this.#cleanup.add('load', () => load.kill())
    void load.ended.then(({ totals, end }) => {
      this.#manifest.totals = totals
      const record = load.record?.()
      if (record !== undefined) this.#manifest.load = record
      // Without load there is nothing left to measure.
      if (totals !== null && end.exitCode === 0) return
      void reasonOfEarlyEnd(end, this.#cluster.lost, clock, this.#signal).then(reason =>
        this.#broken.abort(reason),
      )
    })
    return load
  }

  async #warmUp({ live }: LoadProcess): Promise<void> {
    const { clock } = this.#plan
    const deadlineUs = clock.nowUs() + WARM_UP_LIMIT_MS * 1000
    const cleanSinceUs = (): number => Math.max(live.firstSuccessUs ?? Infinity, live.lastMissUs ?? 0)
    while (
      clock.nowUs() - cleanSinceUs() < CLEAN_MS * 1000 &&
      clock.nowUs() < deadlineUs &&
      !this.#signal.aborted
    ) {
      await sleep(clock, POLL_MS, this.#signal)
    }
  }

  /** Until the run is cleaned up, however the driver ends: a timer that outlives it would keep the process. */
  #reportLoad({ live }: LoadProcess): void {
    const { clock, onLoad } = this.#plan
    const report = (): Timer => {
      onLoad(live)
      return clock.after(REPORT_MS, () => (timer = report()))
    }
    let timer = report()
    this.#cleanup.add('load display', () => timer.cancel())
  }

  async #disrupt(): Promise<void> {
    const { clock, experiment } = this.#plan
    const { workload, dependency, drainTimeoutMs, outageMs, settleTimeoutMs } = experiment.scenario
    const context: DisruptionContext = {
      client: this.#cluster.client,
      mutations: this.#cluster.mutations,
      rules: this.#cluster.nodeRules,
      clock,
      signal: this.#signal,
      namespace: this.#cluster.namespace,
      workload,
      dependency,
      drainTimeoutMs,
      outageMs,
      settleTimeoutMs,
      view: () => this.#view,
      until: (condition, limitMs) => this.#view.until(condition, limitMs, this.#signal),
    }
    const { disruption } = experiment.plan
    const end = await disruptions[disruption](context)
    this.#manifest.disruption = { disruption, ...end, gone: [] }
    if (!this.#cluster.facts.modelled && end.detail !== null) this.#plan.onChosen(end.detail)
  }

  async #settle(): Promise<void> {
    const { experiment } = this.#plan
    const record = this.#manifest.disruption
    if (record === null) return
    await afterDisruption(record, experiment.scenario, this.#view, this.#plan.clock, this.#signal)
    record.gone = record.targets.filter(pod => this.#view.gone.includes(pod))
  }

  /** Open requests end by themselves, each by its own limit; then the ledger's last lines come in. */
  async #drainLoad(load: LoadProcess): Promise<void> {
    const { clock } = this.#plan
    await load.ended
    this.#logsDue.abort()
    const isComplete = (): boolean => !this.#manifest.ledger || this.#awaited.count === 0
    const deadlineUs = clock.nowUs() + LEDGER_LIMIT_MS * 1000
    // Once in any case: what failed may be on its way into the ledger too.
    do await sleep(clock, POLL_MS, this.#signal)
    while (!isComplete() && clock.nowUs() < deadlineUs && !this.#signal.aborted)
  }
}

function newManifest(plan: RunPlan, cluster: Cluster): Manifest {
  const { experiment, runId, runPrefix, seed, provenance, clock } = plan
  return {
    version: RECORDING_VERSION,
    name: experiment.name,
    runId,
    runPrefix,
    seed,
    startedUs: clock.nowUs(),
    endedUs: null,
    interrupted: null,
    scenario: experiment.scenario,
    cluster: cluster.facts,
    driver: driverFacts(plan, cluster),
    provenance,
    disruption: null,
    witnesses: [...cluster.witnesses],
    // The requests of a script of the user's own carry no numbers of ours.
    ledger: keepsLedger(experiment) && experiment.scenario.k6Script === undefined,
    totals: null,
  }
}

function driverFacts({ k6, experiment, provenance }: RunPlan, { facts }: Cluster): DriverFacts {
  const own = {
    name: 'rollproof',
    version: provenance.rollproofVersion,
    script: null,
    relayed: false,
  } as const
  if (k6 === null) return own
  // The embedded cluster's Services have an address only by way of its relays; our own driver does without.
  return {
    name: 'k6',
    version: k6.version,
    script: experiment.scenario.k6Script ?? null,
    relayed: facts.modelled,
  }
}
