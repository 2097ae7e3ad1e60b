/** One kubelet on a fake clock, with a real registry and scripted containers; every latency of the model is zero. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { present } from '../../../base/assert.ts'
import { seededRandom } from '../../../base/random.ts'
import type { Container, Pod, PodSpec } from '../../../kube/types.ts'
import type { ContainerStepLine } from '../../../model/embedded-cluster.ts'
import { FakeClock } from '../../../testing/fake-clock.ts'
import { createRegistry, type Registry } from '../../apiserver/registry.ts'
import { ContainerSteps } from '../../container-steps.ts'
import { Images } from '../../images.ts'
import { settingsInForce } from '../../settings-in-force.ts'
import { Kubelet } from '../kubelet.ts'
import type { KubeletParts } from '../kubelet-parts.ts'
import { ScriptedRuntime, type Script, type ScriptedContainer } from './scripted-runtime.ts'

export class OneNode {
  readonly clock = new FakeClock()
  readonly api: Registry
  readonly runtime: ScriptedRuntime
  readonly steps: ContainerStepLine[] = []
  readonly silenced: string[] = []
  readonly kubelet: Kubelet
  readonly parts: KubeletParts
  readonly directory = mkdtempSync(join(tmpdir(), 'one-node-'))

  constructor(script: Script = {}, overrides: Record<string, unknown> = {}) {
    const settings = settingsInForce({
      watchFanOutMs: 0,
      kubeletReactionMs: 0,
      runtimeSignalMs: 0,
      statusPatchMs: 0,
      sandboxStartMs: 0,
      containerStartMs: 0,
      sandboxTeardownMs: 200,
      finalDeleteMs: 500,
      ...overrides,
    })
    const random = seededRandom(7)
    this.api = createRegistry({ clock: this.clock, settings, random, allocateClusterIP: () => '127.9.200.1' })
    this.runtime = new ScriptedRuntime(this.clock, script)
    const steps = new ContainerSteps(this.clock)
    steps.subscribe(step => this.steps.push(step))
    this.parts = {
      api: this.api,
      clock: this.clock,
      settings,
      random,
      node: { name: 'worker-1', address: '127.9.0.2' },
      runtime: this.runtime,
      images: new Images(this.directory, {
        app: { commands: {}, entrypoint: ['app'], args: [], env: {}, workingDir: null },
      }),
      steps,
      silence: { prepare: address => ({ begin: () => void this.silenced.push(address) }) },
      nextPodAddress: () => '127.9.2.1',
      network: { host: host => host, reach: (host, port) => ({ host, port }) },
      podFolder: () => this.directory,
      volumesFolder: join(this.directory, 'volumes'),
      processEnvironment: {},
    }
    this.kubelet = new Kubelet(this.parts)
    this.kubelet.start()
  }

  close(): void {
    this.kubelet.stop()
    rmSync(this.directory, { recursive: true })
  }

  run(container: Partial<Container>, spec: Partial<PodSpec> = {}, name = 'web'): void {
    this.api.create<Pod>('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { nodeName: 'worker-1', containers: [{ name: 'app', image: 'app', ...container }], ...spec },
    })
  }

  get pod(): Pod | null {
    return this.api.get<Pod>('pods', 'default', 'web')
  }

  get ready(): boolean {
    return (
      this.pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
    )
  }

  container(index = 0): ScriptedContainer {
    return present(this.runtime.started[index], `container ${index}`)
  }

  /** In small steps, so that chains of promises keep up with the clock. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5) await this.clock.advanceAsync(Math.min(5, left))
  }

  /** Milliseconds until the condition holds, looked at every 5. */
  async until(what: string, condition: () => boolean, limitMs = 120_000): Promise<number> {
    for (let passed = 0; passed <= limitMs; passed += 5) {
      if (condition()) return passed
      await this.advance(5)
    }
    throw new Error(`${what}: not within ${limitMs} ms`)
  }

  stepNames(): string[] {
    return this.steps.map(({ step }) => step)
  }
}
