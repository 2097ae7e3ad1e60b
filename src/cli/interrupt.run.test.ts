/** The harness is stopped in the middle, politely and not: no process, no folder stays, and the recording is readable. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRecording } from '../recording/reader.ts'
import { processesWith, runCommand, startCommand, type RunningCommand } from '../testing/command.ts'

let folder: string
let temporary: string
let marker: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'interrupt-test-'))
  temporary = mkdtempSync(path.join(os.tmpdir(), 'interrupt-tmp-'))
  marker = `ROLLPROOF_TEST_MARK=${path.basename(folder)}`
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  rmSync(temporary, { recursive: true, force: true })
})

/** With a temporary folder of its own, so that what it leaves there is seen; each child inherits the mark. */
function start(...args: string[]): RunningCommand {
  const [name = '', value = ''] = marker.split('=')
  return startCommand(['run', ...args, '--reports', folder], { TMPDIR: temporary, [name]: value })
}

/** Pods have an environment of their own; it names the cluster's folder, which lies in our temporary folder. */
function survivors(): number[] {
  return [...new Set([...processesWith(marker), ...processesWith(temporary)])]
}

async function untilNone(look: () => unknown[]): Promise<unknown[]> {
  const deadline = Date.now() + 10_000
  while (look().length > 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 50))
  return look()
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const clusterFolders = (): string[] => readdirSync(temporary).filter(name => name.startsWith('rollproof-'))

describe('a run that is interrupted', () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`by ${signal} cleans up, keeps what it recorded, and exits with ${exitCode}`, async () => {
      const run = start('naive', '--disruption', 'rolling-update')
      await run.saw('baseline')
      run.child.kill(signal)
      const ended = await run.ended
      expect(ended.exitCode).toBe(exitCode)
      expect(ended.stderr).toContain(`${signal}: ending, cleaning up`)
      expect(survivors()).toEqual([])
      expect(clusterFolders()).toEqual([])
      const [runId = ''] = readdirSync(folder)
      const recording = await readRecording(path.join(folder, runId, 'naive.rolling-update'))
      expect(recording.manifest.interrupted).toContain(signal)
      expect(recording.samples.length).toBeGreaterThan(0)
      expect(recording.torn).toEqual([])
    })
  }

  it('while its cluster is being deployed leaves nothing either', async () => {
    const run = start('naive', '--disruption', 'drain')
    await run.saw('deploy')
    run.child.kill('SIGINT')
    expect((await run.ended).exitCode).toBe(130)
    expect(survivors()).toEqual([])
    expect(clusterFolders()).toEqual([])
  })

  it.each([
    { of: 'its cluster', program: 'embedded.js', reason: 'the embedded cluster ended' },
    {
      of: 'its load driver',
      program: 'load.js',
      reason: 'the load driver ended early: it was killed by SIGKILL',
    },
  ])('by the death of $of is inconclusive, says why, and leaves nothing', async ({ program, reason }) => {
    const run = start('naive', '--disruption', 'rolling-update', '-o', 'json')
    await run.saw('baseline')
    const victims = processesWith(marker).filter(pid => commandLine(pid).includes(program))
    expect(victims).toHaveLength(1)
    process.kill(victims[0] ?? 0, 'SIGKILL')
    const ended = await run.ended
    expect(ended.exitCode).toBe(3)
    expect(ended.stderr).toContain(`naive.rolling-update: ${reason}`)
    // Nothing is left to measure, so it does not go on.
    expect(ended.stderr).not.toContain('naive.rolling-update: cool-down')
    const report = JSON.parse(ended.stdout) as {
      verdict: string
      analyses: { findings: { code: string }[] }[]
    }
    expect(report.verdict).toBe('inconclusive')
    expect(report.analyses[0]?.findings.map(({ code }) => code)).toContain('run-interrupted')
    expect(await untilNone(survivors)).toEqual([])
    expect(await untilNone(clusterFolders)).toEqual([])
  })

  it('by SIGKILL takes its cluster, its pods and its load along, and the recording stays readable', async () => {
    const run = start('naive', '--disruption', 'rolling-update')
    await run.saw('disruption')
    run.child.kill('SIGKILL')
    await run.ended
    expect(await untilNone(survivors)).toEqual([])
    expect(await untilNone(clusterFolders)).toEqual([])
    const [runId = ''] = readdirSync(folder)
    const recording = await readRecording(path.join(folder, runId, 'naive.rolling-update'))
    expect(recording.manifest.endedUs).toBeNull()
    expect(recording.samples.length).toBeGreaterThan(0)
    const judged = await runCommand(['analyze', path.join(folder, runId), '-o', 'json'])
    expect(judged.exitCode).toBe(3)
    expect(judged.stdout).toContain('"run-interrupted"')
  })
})
