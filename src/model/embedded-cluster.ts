/** How the embedded cluster's program is started and spoken to. Shared by cluster/ (which spawns it) and embedded/. */
import type { ContainerStep } from './transition.ts'

/**
 * What an image contains. The cluster makes a folder of executables for each image, and that folder is the whole PATH of
 * its containers: a command that the image lacks is missing for real (ENOENT from the kernel).
 */
export interface ImageContents {
  /** Command name → argv prefix on this machine, as `{"sample-app": ["/usr/bin/node", "/…/dist/sample-app.js"]}`. */
  commands: Record<string, string[]>
  /** The command, when the container names none. Its words may refer to `$(POD_IP)`, `$(PORT)` and others. */
  entrypoint: string[]
  /** Its arguments, when the container names none. */
  args: string[]
  /** Environment that the image sets; values may refer to the same variables. */
  env: Record<string, string>
  /** Null: the pod's own folder. */
  workingDir: string | null
}

/**
 * `loopback`: an address of 127.0.0.0/8 per pod. `ports`: ports of 127.0.0.1, where there is no other address. `auto`:
 * whichever the machine has.
 */
export const addressModes = ['auto', 'loopback', 'ports'] as const
export type AddressMode = (typeof addressModes)[number]

/** One line of JSON on the program's standard input. The program ends, and its pods with it, when that input closes. */
export interface EmbeddedStart {
  /** A folder of its own (0700): pod folders, logs. Removed when the cluster ends. */
  directory: string
  /** Bearer token for every request. */
  token: string
  /** 0 = any free one. */
  port: number
  addresses: AddressMode
  /** By image name as written in the pod's spec; `*` in a name stands for any characters. */
  images: Record<string, ImageContents>
  /** Overrides of embedded/settings.ts. */
  settings: Record<string, unknown>
}

/** One line of JSON on its standard output, once it serves. */
export interface EmbeddedReady {
  type: 'ready'
  url: string
  pid: number
  nodes: string[]
  /** The node where clients sit: the control plane, which is never drained. */
  vantage: string
  kubernetesVersion: string
  /** The settings in force, flattened, for the report. */
  settings: Record<string, number | string | boolean>
}

/** `GET /rollproof/v1/facts`: what tells it from a real cluster, for who reached it through a kubeconfig. */
export type EmbeddedFacts = Pick<EmbeddedReady, 'vantage' | 'settings'>

/** A line of `GET /rollproof/v1/containers` (all since the start, then live). */
export interface ContainerStepLine {
  atUs: number
  namespace: string
  pod: string
  container: string
  step: ContainerStep
  detail: string | null
}

/** An item of `GET /rollproof/v1/relays`: a Service's port as Kubernetes names it, and where it can be dialled. */
export interface RelayLine {
  /** `namespace/name:port`. */
  service: string
  kind: 'ClusterIP' | 'NodePort'
  /** Whose rules it follows. */
  node: string
  host: string
  port: number
  /** The same host and port, or others where this user may not bind those; null when there is none. */
  dial: { host: string; port: number } | null
  /** `refuses`: no endpoint. `drops`: none that the traffic policy allows. */
  state: 'relays' | 'refuses' | 'drops'
}
