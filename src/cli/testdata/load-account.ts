/** Runs `rollproof load` as a user would, and reads its account: true to its schema, and balanced. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { packageRoot } from '../../base/package-root.ts'
import type { LoadSummary } from '../../report/load-summary.ts'
import { runCommand, type CommandEnd } from '../../testing/command.ts'

export type LoadDocument = LoadSummary & { schemaVersion: number }

const schema = JSON.parse(
  readFileSync(new URL('../../report/load.schema.json', import.meta.url), 'utf8'),
) as object
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema)

export interface Account {
  document: LoadDocument
  exitCode: number | null
  stderr: string
}

export async function account(url: string, ...flags: string[]): Promise<Account> {
  return accountOf(await runCommand(['load', url, '-o', 'json', ...flags]))
}

/** With a shell around it, which may take something away first: `ulimit -n 64; exec "$@"`. */
export function accountInShell(script: string, url: string, ...flags: string[]): Promise<Account> {
  const program = [path.join(packageRoot(), 'dist', 'main.js'), 'load', url, '-o', 'json', ...flags]
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, ...program], {
    cwd: packageRoot(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  return new Promise(resolve => {
    child.once('close', (exitCode, signal) => resolve(accountOf({ exitCode, signal, stdout, stderr })))
  })
}

export function accountOf({ stdout, stderr, exitCode }: CommandEnd): Account {
  const document = JSON.parse(stdout) as LoadDocument
  const { scheduled, sent, skipped, succeeded, failed, unresolved, failures } = document
  const problems = validate(document) ? [] : (validate.errors ?? []).map(each => JSON.stringify(each))
  if (scheduled !== sent + skipped) problems.push('scheduled is not sent + skipped')
  if (sent !== succeeded + failed + unresolved) problems.push('sent is not the sum of its parts')
  if (failures.reduce((sum, { count }) => sum + count, 0) !== failed) problems.push('failures do not add up')
  if (document.latencyUs.count !== succeeded) problems.push('latencies are not one for each success')
  if (document.latenessUs.count !== sent) problems.push('lateness is not one for each request sent')
  if (document.exitCode !== exitCode) problems.push(`it says exit code ${document.exitCode}`)
  if (problems.length > 0) throw new Error(`the account is wrong: ${problems.join('; ')}\n${stdout}${stderr}`)
  return { document, exitCode, stderr }
}

/** How many requests failed in each class, whatever connection they were for. */
export function byClass({ failures }: LoadDocument): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { class: name, count } of failures) counts[name] = (counts[name] ?? 0) + count
  return counts
}
