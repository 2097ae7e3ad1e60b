/** Runs the built command line as a user would, and finds the processes that it started. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import path from 'node:path'
import { packageRoot } from '../base/package-root.ts'

export interface CommandEnd {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface RunningCommand {
  child: ChildProcessWithoutNullStreams
  /** Resolves when standard error has shown the text. */
  saw: (text: string) => Promise<void>
  ended: Promise<CommandEnd>
}

export function startCommand(
  args: string[],
  env: Record<string, string> = {},
  cwd = packageRoot(),
): RunningCommand {
  const program = path.join(packageRoot(), 'dist', 'main.js')
  const child = spawn(process.execPath, [program, ...args], { cwd, env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  const waiting: { text: string; resolve: () => void }[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    for (const { text, resolve } of waiting) if (stderr.includes(text)) resolve()
  })
  child.stdin.end()
  return {
    child,
    saw: text =>
      new Promise(resolve => {
        if (stderr.includes(text)) resolve()
        else waiting.push({ text, resolve })
      }),
    ended: new Promise(resolve => {
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }))
    }),
  }
}

export function runCommand(
  args: string[],
  env: Record<string, string> = {},
  cwd = packageRoot(),
): Promise<CommandEnd> {
  return startCommand(args, env, cwd).ended
}
