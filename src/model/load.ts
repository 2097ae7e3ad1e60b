/** The load: what the driver is told (a plan) and what it tells (samples). Shared by scenario, load, recording, analysis. */

/** `fresh` opens a connection per request; `reused` and `slow` keep a fixed set of connections open. */
export const populations = ['fresh', 'reused', 'slow'] as const
export type Population = (typeof populations)[number]

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
}

export interface LoadProfile {
  populations: PopulationProfile[]
  connectTimeoutMs: number
  /** Time to the first byte, beyond what the request itself takes (`answerMs`). */
  firstByteTimeoutMs: number
}

/**
 * Where connections go. `forwarding`: an endpoint is chosen for each connection from a node's forwarding table, which
 * is read as a stream of ForwardingTable lines (GET, bearer token), as the kernel's DNAT would choose. `address`: a
 * plain host and port (a Service's address inside a real cluster, or a scripted server in a test).
 */
export type LoadTarget =
  | { kind: 'forwarding'; url: string; token: string; service: string }
  | { kind: 'address'; host: string; port: number }

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

/** The connection a request used. Null when none could be chosen (no endpoint in the table, or skipped). */
export interface SampleConnection {
  /** Unique within the run. */
  id: number
  /** 1 on the connection's first request. */
  use: number
  /** Time the connection sat idle before this request; null on its first. */
  idleUs: number | null
  openedUs: number
  localPort: number | null
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

/** An interval in which the driver's event loop did not turn. */
export interface DriverStall {
  fromUs: number
  toUs: number
}

/** What the driver writes to its standard output, one JSON line each. */
export type LoadMessage =
  | { type: 'started'; version: 1; atUs: number; pid: number }
  /** `row` is a Sample packed by `packSample`. */
  | { type: 'sample'; row: SampleRow }
  | { type: 'progress'; atUs: number; totals: LoadTotals; open: number }
  | { type: 'stall'; stall: DriverStall }
  | { type: 'probe'; probe: ProbeSample }
  | { type: 'ended'; atUs: number; totals: LoadTotals }

/** A sample as one JSON array, column order as `sampleColumns` in model/sample-row.ts. */
export type SampleRow = readonly (string | number | null)[]
