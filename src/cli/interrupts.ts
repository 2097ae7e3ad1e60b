/**
 * SIGINT and SIGTERM abort the work with a reason; cleaning up then follows the usual way. A second signal ends the process
 * at once: children notice by their closed input, and an embedded cluster takes its pods with it.
 */
import type { ExitCode } from './exit-code.ts'
import type { ProgressDisplay } from './progress-display.ts'

export interface Interrupts {
  readonly signal: AbortSignal
  /** Null while nothing has interrupted. */
  exitCode(): ExitCode | null
  dispose(): void
}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const

export function listenForInterrupts(onFirst: (name: string) => void): Interrupts {
  const abort = new AbortController()
  let exitCode: ExitCode | null = null
  const listener = (name: NodeJS.Signals): void => {
    const code = exitCodes[name as keyof typeof exitCodes]
    if (exitCode !== null) process.exit(code)
    exitCode = code
    onFirst(name)
    abort.abort(name)
  }
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[]
  for (const name of names) process.on(name, listener)
  return {
    signal: abort.signal,
    exitCode: () => exitCode,
    dispose: () => names.forEach(name => process.removeListener(name, listener)),
  }
}

/** Runs `action` with a display; what breaks off because of a signal ends with the signal's exit code. */
export async function interruptible(
  display: ProgressDisplay,
  action: (interrupts: Interrupts) => Promise<ExitCode>,
): Promise<ExitCode> {
  const interrupts = listenForInterrupts(name => display.say(`${name}: ending, cleaning up …`))
  try {
    return await action(interrupts)
  } catch (error) {
    const exitCode = interrupts.exitCode()
    if (exitCode === null) throw error
    return exitCode
  } finally {
    display.end()
    interrupts.dispose()
  }
}
