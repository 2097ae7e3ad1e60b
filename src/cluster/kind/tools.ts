/** The programs that a kind cluster needs, called with `zx`: never a user's kubeconfig, never an exception for an exit code. */
import { $ } from 'zx/core'

export interface ToolEnd {
  /** Null when it was killed. */
  exitCode: number | null
  stdout: string
  stderr: string
}

export interface ToolOptions {
  signal?: AbortSignal
  limitMs?: number
  onLine?: (line: string) => void
  /** Told as soon as it runs. */
  onPid?: (pid: number) => void
}

export type Tool = (
  command: 'docker' | 'kind',
  args: readonly string[],
  options?: ToolOptions,
) => Promise<ToolEnd>

/** Exit code of a shell that does not find the command. */
export const NOT_FOUND = 127
const KILLED_AFTER = 'SIGKILL'

export function toolsOf(env: NodeJS.ProcessEnv): Tool {
  return async (command, args, { signal, limitMs, onLine, onPid } = {}) => {
    if (signal?.aborted === true) return { exitCode: null, stdout: '', stderr: '' }
    const run = $({
      env,
      quiet: true,
      nothrow: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A terminal's Ctrl-C goes to the whole process group: kind must not die of it before we have decided so.
      detached: true,
      killSignal: KILLED_AFTER,
      ...(signal === undefined ? {} : { signal }),
      ...(limitMs === undefined ? {} : { timeout: limitMs, timeoutSignal: KILLED_AFTER }),
    })
    const running = run`${command} ${args}`
    if (running.pid !== undefined) onPid?.(running.pid)
    if (onLine !== undefined) for (const stream of [running.stdout, running.stderr]) eachLine(stream, onLine)
    const { exitCode, stdout, stderr } = await running
    return { exitCode, stdout, stderr }
  }
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.on('data', (chunk: Buffer | string) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
  })
}

/** What a tool had to say last: the reason, as a rule. */
export function lastWords({ stdout, stderr }: ToolEnd): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map(line => line.trim())
  return lines.filter(line => line !== '').at(-1) ?? 'no reason given'
}
