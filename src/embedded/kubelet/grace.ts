/**
 * The arithmetic of a termination (semantics §5.2 d–e, table A.2). The hook's time is deducted in whole seconds, and the
 * runtime always gets two seconds between SIGTERM and SIGKILL, also when the grace period is shorter than that.
 */
export interface TerminationClock {
  sigtermMs: number
  sigkillMs: number
}

/** Time from SIGTERM to SIGKILL, after the whole seconds that the hook, and the wait for its turn, have taken. */
export function restMs(graceSeconds: number, spentSeconds: number, floorMs: number): number {
  return Math.max(floorMs, (graceSeconds - spentSeconds) * 1000)
}

/** When the signals come, counted from the kubelet's start; `hookMs` null = no hook. Infinity = it never returns. */
export function terminationClock(
  graceSeconds: number,
  hookMs: number | null,
  floorMs: number,
): TerminationClock {
  const sigtermMs = hookMs === null ? 0 : Math.min(hookMs, graceSeconds * 1000)
  return { sigtermMs, sigkillMs: sigtermMs + restMs(graceSeconds, Math.floor(sigtermMs / 1000), floorMs) }
}

/** A grace period can only be shortened, and is never below one second (§5.1, §5.2). */
export function shortenedGrace(currentSeconds: number | null, requestedSeconds: number): number {
  const requested = Math.max(1, requestedSeconds)
  return currentSeconds === null ? requested : Math.min(currentSeconds, requested)
}
