/**
 * How a load driver on another machine is spoken to: one connection at a time, lines of JSON both ways. The driver
 * numbers what it tells and keeps it until it was read, so a connection that breaks loses nothing, and a line that is
 * lost nevertheless is missed.
 */
import type { LoadMessage, LoadPlan, LoadTotals } from './load.ts'

export type RemoteCommand =
  /** Opens each connection: every line before number `from` has been read. */
  | { type: 'resume'; from: number }
  /** A second one changes nothing. */
  | { type: 'plan'; plan: LoadPlan }
  /** Every line before number `to` has been read, and need not be kept. */
  | { type: 'read'; to: number }
  | { type: 'ping'; id: number }
  | { type: 'stop' }

export type RemoteLine =
  | { type: 'line'; number: number; message: LoadMessage }
  /** Answered at once, by the driver's clock. */
  | { type: 'pong'; id: number; atUs: number }
  | { type: 'refused'; problems: string[] }

/** What became of one driver: its part of the manifest. Instants in a recording are on the harness's clock already. */
export interface DriverAccount {
  /** Name of its pod. */
  driver: string
  node: string | null
  /** It sent request number `share`, `share` + `shares`, … */
  share: number
  shares: number
  /** What was subtracted last from its clock. */
  offsetUs: number
  /** The greatest error that an instant of it may have; null when the clocks could not be related. */
  errorUs: number | null
  /** Round trips that the relation rests on. */
  exchanges: number
  /** How often the connection was made again. */
  reconnects: number
  /** Numbered lines that never arrived. */
  lostLines: number
  /** Its own totals; null when it never told them. */
  totals: LoadTotals | null
}

export const loadSources = ['inside', 'host'] as const
/** `inside`: pods of the cluster. `host`: the machine on which the harness runs. */
export type LoadSource = (typeof loadSources)[number]

/** Where the load on a real cluster came from, for the manifest and the report. */
export interface LoadRecord {
  from: LoadSource
  /** From where to where, and why there. */
  path: string
  /** What a client inside the cluster would have seen and this path does not show; a sentence each. */
  hides: string[]
  /** Empty for a driver on the harness's own machine, whose clock is the harness's. */
  drivers: DriverAccount[]
}
