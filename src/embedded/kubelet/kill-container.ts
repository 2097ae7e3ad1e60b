/**
 * One container's end (semantics §5.2 d–f): the preStop hook within the grace period, the stop signal to PID 1, what is
 * left of the grace period but at least two seconds, SIGKILL. The hook is not cancelled when its time is up.
 */
import type { Clock } from '../../base/clock.ts'
import type { RecordStep } from '../container-steps.ts'
import type { RunningContainer } from './container-runtime.ts'
import type { GracePeriod } from './grace-period.ts'
import { restMs } from './grace.ts'
import type { HookOutcome } from './handlers.ts'

export interface KillParts {
  clock: Clock
  name: string
  running: RunningContainer
  grace: GracePeriod
  floorMs: number
  /** Latency of the container runtime to deliver the signal. */
  signalMs: number
  preStop: (() => Promise<HookOutcome>) | null
  /** The signal waits for this (sidecars wait for the main containers), as far as the grace period goes. */
  turn: Promise<void> | null
  record: RecordStep
  onHookFailed: (text: string) => void
}

export async function killContainer(parts: KillParts): Promise<void> {
  const { clock, running, grace, record, name } = parts
  if (running.exit !== null) return
  // Each wait is deducted in whole seconds by itself, and the second has only what the first left.
  let spentSeconds = 0
  const { preStop, turn } = parts
  if (preStop !== null) spentSeconds += await wholeSeconds(clock, () => runPreStop(preStop, parts))
  if (turn !== null && spentSeconds < grace.seconds)
    spentSeconds += await wholeSeconds(clock, () => within(clock, grace, turn, spentSeconds))
  await new Promise<void>(resolve => void clock.after(parts.signalMs, resolve))
  if (hasExited(running)) return
  const signalledUs = clock.nowUs()
  switch (running.terminate()) {
    case 'sent':
      record(name, 'sigterm-sent')
      break
    case 'ignored':
      record(name, 'sigterm-ignored', 'PID 1 has no handler for SIGTERM')
      break
    case 'gone':
      break
  }
  await exitOrKill(parts, signalledUs, spentSeconds)
}

async function runPreStop(hook: () => Promise<HookOutcome>, parts: KillParts): Promise<void> {
  const { record, name } = parts
  record(name, 'pre-stop-started')
  const outcome = await within(parts.clock, parts.grace, hook())
  if (outcome === null) {
    record(name, 'pre-stop-ended', 'still running at the end of the grace period')
  } else if (outcome.kind === 'failed') {
    record(name, 'pre-stop-failed', outcome.text)
    parts.onHookFailed(outcome.text)
  } else {
    record(name, 'pre-stop-ended')
  }
}

async function wholeSeconds(clock: Clock, wait: () => Promise<unknown>): Promise<number> {
  const beganUs = clock.nowUs()
  await wait()
  return Math.floor((clock.nowUs() - beganUs) / 1_000_000)
}

/** Null when what is left of the grace period, counted from now, ends first; shortening it counts from then. */
function within<T>(clock: Clock, grace: GracePeriod, work: Promise<T>, spentSeconds = 0): Promise<T | null> {
  return new Promise(resolve => {
    let timer = clock.after((grace.seconds - spentSeconds) * 1000, () => finish(null))
    const stopListening = grace.onShortened(() => {
      timer.cancel()
      timer = clock.after(grace.seconds * 1000, () => finish(null))
    })
    const finish = (value: T | null): void => {
      timer.cancel()
      stopListening()
      resolve(value)
    }
    void work.then(finish)
  })
}

function exitOrKill(parts: KillParts, signalledUs: number, spentSeconds: number): Promise<void> {
  const { clock, running, grace, floorMs, record, name } = parts
  return new Promise(resolve => {
    let killAtUs = signalledUs + restMs(grace.seconds, spentSeconds, floorMs) * 1000
    const kill = (): void => {
      record(name, 'sigkill-sent')
      running.kill()
    }
    const arm = (): { cancel(): void } => clock.after((killAtUs - clock.nowUs()) / 1000, kill)
    let timer = arm()
    const stopListening = grace.onShortened(() => {
      timer.cancel()
      killAtUs = Math.min(killAtUs, clock.nowUs() + Math.max(floorMs, grace.seconds * 1000) * 1000)
      timer = arm()
    })
    running.onExit(() => {
      timer.cancel()
      stopListening()
      resolve()
    })
  })
}

/** Apart, since the exit may have come during an await. */
function hasExited(running: RunningContainer): boolean {
  return running.exit !== null
}
