/** The load: what the driver is told (a plan) and what it tells (samples). Shared by scenario, load, recording, analysis. */

/**
 * `fresh` opens a connection per request; all others keep a fixed set of connections open. `slow`: the answer takes its
 * time. `idle`: each connection rests for `idleMs` between two requests. `upload`: a body sent slowly, in pieces.
 * `stream`: an answer that goes on for `answerMs`.
 */
export const populations = ['fresh', 'reused', 'slow', 'idle', 'upload', 'stream'] as const
export type Population = (typeof populations)[number]

/** The first three are always told of, the others where a run has them. */
export type PerPopulation<T> = Record<'fresh' | 'reused' | 'slow', T> & Partial<Record<Population, T>>

/** `events`: server-sent events over HTTP/1.1, each on a connection; `events-http/2`: as streams of HTTP/2. */
export const protocols = ['http/1.1', 'http/2', 'grpc', 'websocket', 'events', 'events-http/2'] as const
export type Protocol = (typeof protocols)[number]

/**
 * `constant`: evenly spaced. `poisson`: at random with that rate on average, from the plan's seed. `closed`: no schedule;
 * the next request begins when one has been answered, which finds the most that a server can do and hides its waits.
 */
export const pacings = ['constant', 'poisson', 'closed'] as const
export type Pacing = (typeof pacings)[number]

export interface RateStep {
  /** 0 is a pause. */
  ratePerSecond: number
  durationMs: number
}

/** What one request asks of the server: a short GET, a POST with a body, a streamed body, a slow answer. */
export const requestKinds = ['get', 'post', 'stream', 'slow'] as const
export type RequestKind = (typeof requestKinds)[number]

/** One population of the load profile, as a scenario declares it after defaults. */
export interface PopulationProfile {
  population: Population
  ratePerSecond: number
  /** Size of the connection set; 0 for `fresh`. Each connection is used first in, first out. */
  connections: number
  /** Share of requests, 0 to 1; the rest are GETs (or slow GETs in `slow`). */
  postShare: number
  streamShare: number
  /** How long the server takes to answer, asked of it in the request; 0 = at once. */
  answerMs: number
  /** `http/1.1` when absent. */
  protocol?: Protocol
  /** `constant` when absent. `closed` has no rate. */
  pacing?: Pacing
  /** `closed`: how many requests are open at a time; one for each connection when absent. */
  concurrency?: number
  /** One rate after the other, in place of `ratePerSecond`; the last one holds until the run ends. Constant pacing. */
  steps?: RateStep[]
  /** `idle`: the rest between two requests of a connection; their number follows from it and the rate. */
  idleMs?: number
  /** `idle`: each rest is longer or shorter by up to this, so that it straddles a keep-alive time-out. */
  idleJitterMs?: number
  /** `upload`: how long the body takes to be sent. */
  uploadMs?: number
}

export interface LoadProfile {
  populations: PopulationProfile[]
  connectTimeoutMs: number
  /** Time to the first byte, beyond what the request itself takes (`answerMs`). */
  firstByteTimeoutMs: number
}

/** How a TLS server is spoken to, and whether it must prove who it is. */
export interface TlsTarget {
  /** For SNI, and the name that its certificate is checked against. */
  servername: string
  verify: boolean
  /** Certificates to trust, in PEM; the system's when absent. */
  ca?: string
}

/**
 * Where connections go. `forwarding`: an endpoint is chosen for each connection from a node's forwarding table, which
 * is read as a stream of ForwardingTable lines (GET, bearer token), as the kernel's DNAT would choose. `address`: a
 * plain host and port (a Service's address inside a real cluster, or a scripted server in a test).
 */
export type LoadTarget = { tls?: TlsTarget | null } & (
  | { kind: 'forwarding'; url: string; token: string; service: string }
  | { kind: 'address'; host: string; port: number }
)

/** A request of the user's own, for any server. Every one carries its id in `x-request-id`, too. */
export interface CustomRequest {
  method: string
  /** With the query. */
  path: string
  headers: [name: string, value: string][]
  body: string | null
}

/** One driver of several that share a plan: it sends every `count`-th request, beginning with `index`. */
export interface WorkerShare {
  index: number
  count: number
  /** When the schedule begins, by this driver's clock: the same instant for all; at once when absent. */
  startAtUs?: number
}

/** k6 in the place of our own driver. */
export interface K6Order {
  executable: string
  /** As `1.8.1`. */
  version: string
  /** Path of a script of the user's own; null for the one that ships with this program. */
  script: string | null
}

/** The one way into the driver: one line of JSON on its standard input. */
export interface LoadPlan {
  version: 1
  /** 8 lower-case hex digits; request ids are `<runPrefix>-<seq>`, so a ledger tells runs apart. */
  runPrefix: string
  target: LoadTarget
  /** Value of the Host header. */
  host: string
  profile: LoadProfile
  seed: number
  /** The load stops by itself after this, whatever its parent does. */
  maxDurationMs: number
  /** A request that finds this many open is skipped and counted as such. */
  maxInFlight: number
  /** The sample app's requests when absent. */
  request?: CustomRequest | null
  /** False: nothing at all is sent beside the schedule, so a server that counts finds what the books say. */
  probes?: boolean
  /** How many threads share the work; 1 when absent. */
  workers?: number
  /** Present where several drivers, or several workers of one, carry out one schedule together. */
  share?: WorkerShare
  /** `samples` when absent: a line for each. `summary`: a line for each failure, and one for all together at the end. */
  record?: 'samples' | 'summary'
  /**
   * True where the driver has a network of its own: it hands itself source ports in turn, so that one whose connect was
   * never answered (and which conntrack keeps pinned to the dead pod for two minutes) is not used again meanwhile.
   */
  ownPorts?: boolean
  /** Asks for the program `k6-load` instead of `load`; its target must be an address. */
  k6?: K6Order
}

/** `tls`: between the connect and the first request. */
export const failurePhases = ['connect', 'tls', 'send', 'headers', 'body', 'status', 'check'] as const
export type FailurePhase = (typeof failurePhases)[number]

/**
 * What went wrong, from the error code alone (never its text). `closed` is an orderly FIN, `reset` an RST or EPIPE.
 * `local-*` is the driver's own fault. `mismatch`: an answer that is not the one to this request. `alert` and
 * `certificate` end a TLS handshake. HTTP/2: `refused-stream` and `goaway` were not processed, and are safe to send
 * again; `stream-reset` and `goaway-error` may have been. `protocol`: the peer speaks another protocol, or breaks its
 * own. `status-grpc`: a grpc-status other than 0. `abnormal-close`: a WebSocket that ends without a goodbye (1006).
 */
export const failureCodes = [
  'refused',
  'reset',
  'closed',
  'timed-out',
  'unreachable',
  'denied',
  'status-5xx',
  'status-4xx',
  'status-other',
  'malformed',
  'mismatch',
  'local-ports',
  'local-files',
  'name-unknown',
  'alert',
  'certificate',
  'protocol',
  'refused-stream',
  'goaway',
  'goaway-error',
  'stream-reset',
  'status-grpc',
  'abnormal-close',
  'other',
] as const
export type FailureCode = (typeof failureCodes)[number]

export type Outcome =
  | { kind: 'succeeded'; status: number }
  | { kind: 'failed'; phase: FailurePhase; code: FailureCode; status: number | null; detail: string | null }
  /** Still open when the run ended: never success. */
  | { kind: 'unresolved' }
  /** Due, but not sent by the driver: its fault, and it makes the run inconclusive. */
  | { kind: 'skipped' }

/** The connection a request used. Null when there was none: refused for want of an endpoint, or skipped. */
export interface SampleConnection {
  /** Unique within the run. */
  id: number
  /** 1 on the connection's first request. */
  use: number
  /** Time the connection sat idle before this request; null on its first. */
  idleUs: number | null
  /** When its connect was begun: the last SYN, where those before it were not answered. */
  openedUs: number
  localPort: number | null
  /** The pod's, as the forwarding table led there; the Service's where nothing led anywhere, or where no table is known. */
  remoteAddress: string
  remotePort: number
}

/** One scheduled request. All instants are microseconds since the epoch, by the driver's clock. */
export interface Sample {
  seq: number
  population: Population
  kind: RequestKind
  scheduledUs: number
  /** When the driver began with it (connect or write); null when skipped. */
  sentUs: number | null
  /** When the request's bytes were handed to an established connection; null when none was. */
  writtenUs: number | null
  firstByteUs: number | null
  endedUs: number | null
  connection: SampleConnection | null
  /** The pod that says it answered (header `x-pod`). */
  servedBy: string | null
  outcome: Outcome
}

/**
 * What a fresh connection met at once after a reused one had failed: tells *this connection died* from *the service was
 * down*. It is outside the books: neither scheduled nor sent.
 */
export interface ProbeSample {
  /** The failed request that it follows. */
  seq: number
  sentUs: number
  endedUs: number
  localPort: number | null
  remoteAddress: string | null
  remotePort: number | null
  servedBy: string | null
  outcome: Outcome
}

/** The classes of the report's table, in its order. */
export const failureClasses = [
  'refused',
  'reset',
  'closed',
  'truncated',
  'timed-out',
  'unreachable',
  '5xx',
  'wrong-answer',
  'local',
  'other',
  'unresolved',
] as const
export type FailureClass = (typeof failureClasses)[number]

/** The driver's own account of itself; the reader of a recording checks the samples against it. */
export interface LoadTotals {
  scheduled: number
  sent: number
  skipped: number
  succeeded: number
  failed: number
  unresolved: number
}

export function emptyTotals(): LoadTotals {
  return { scheduled: 0, sent: 0, skipped: 0, succeeded: 0, failed: 0, unresolved: 0 }
}

/** An interval in which the driver's event loop did not turn. */
export interface DriverStall {
  fromUs: number
  toUs: number
}

export interface LatencySummary {
  count: number
  min: number
  mean: number
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
}

/** One population of a run that was recorded as a summary. Latencies are of successes, in microseconds. */
export interface PopulationLoad {
  population: Population
  totals: LoadTotals
  /** From the time a request was due: what a user would have waited. */
  latencyUs: LatencySummary
  /** From the time it was sent. */
  serviceUs: LatencySummary
  /** How late requests were sent: the driver's own fault. */
  latenessUs: LatencySummary
}

export interface LoadSummary {
  populations: PopulationLoad[]
  /** Of all populations: percentiles cannot be added up afterwards. */
  together: Omit<PopulationLoad, 'population'>
}

/**
 * What the driver could not help, or what its machine did to it. `reached` names what makes the run a measurement of
 * the client: never the server's fault.
 */
export interface DriverLimits {
  reached: ('ports' | 'files' | 'cpu' | 'run-queue' | 'stalls' | 'open-requests')[]
  /** Failures for want of a port, and of a file descriptor. */
  localPorts: number
  localFiles: number
  /** The most files the process may have open (null: unknown), and how many the plan may need. */
  fileLimit: number | null
  filesNeeded: number
  /** Share of one core used, and share of the time that it was ready to run and had none (Linux; else null). */
  cpuShare: number
  waitShare: number | null
  stalls: number
  longestStallMs: number
  /** Requests skipped because `maxInFlight` were open, or because their time had passed. */
  skippedForOpen: number
  skippedForTime: number
}

/** What the driver writes to its standard output, one JSON line each. */
export type LoadMessage =
  | { type: 'started'; version: 1; atUs: number; pid: number }
  /** `row` is a Sample packed by `packSample`. */
  | { type: 'sample'; row: SampleRow }
  | { type: 'progress'; atUs: number; totals: LoadTotals; open: number }
  | { type: 'stall'; stall: DriverStall }
  | { type: 'probe'; probe: ProbeSample }
  /** Before the end; and at the start too, if the plan may need more files than there are. */
  | { type: 'limits'; limits: DriverLimits }
  /** Once, before the end, where the plan says `record: 'summary'`. */
  | { type: 'summary'; summary: LoadSummary }
  | { type: 'ended'; atUs: number; totals: LoadTotals }

/** A sample as one JSON array, column order as `sampleColumns` in model/sample-row.ts. */
export type SampleRow = readonly (string | number | null)[]
