/**
 * The measurer goes first. On a busy machine the cluster and its pods give way to the load drivers, which keep their
 * normal priority: a late driver makes a run inconclusive, a slow pod only answers later.
 *
 * A niceness is inherited. But where Linux groups processes by session (autogroups), niceness counts only within a
 * session, and each pod has one of its own; so the session gets the same niceness.
 */
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import type { Clock } from './clock.ts'

const NICENESS = 5
/** Without privileges the kernel takes one such write in 100 ms from all processes together (EAGAIN). */
const AGAIN_MS = 130
const ATTEMPTS = 8

/** Best effort: a system that refuses runs the process as it runs any other. */
export function giveWay(pid: number, clock: Clock): void {
  try {
    os.setPriority(pid, NICENESS)
  } catch {
    return
  }
  lowerSession(pid, clock, ATTEMPTS)
}

function lowerSession(pid: number, clock: Clock, attempts: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(NICENESS))
  } catch (error) {
    const busy = (error as NodeJS.ErrnoException).code === 'EAGAIN'
    if (busy && attempts > 1) clock.after(AGAIN_MS, () => lowerSession(pid, clock, attempts - 1))
  }
}
