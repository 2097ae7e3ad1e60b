/** How the program that compares drivers is told what to do, and what it tells. Shared by load/ and cli/. */
import type { FailureClass, K6Order, Population } from './load.ts'

export interface CompareOrder {
  /** Null: there is none; our own driver is tested alone. */
  k6: K6Order | null
  /** Names of faults; all when absent. */
  only?: string[]
}

/** One driver against one fault. */
export interface DriverAccount {
  sent: number
  /** Requests that the server did the fault to. */
  injected: number
  /** Failures that the driver reported, and as what. */
  reported: number
  byClass: Record<string, number>
  /** Requests that came more than once: sent again by the driver, in silence. */
  sentAgain: number
  /** Each fault was reported, none besides, and under a right name. */
  exact: boolean
}

export interface DriverComparison {
  fault: string
  population: Population
  /** What it is rightly called. */
  classes: FailureClass[]
  rollproof: DriverAccount
  k6: DriverAccount | null
}
