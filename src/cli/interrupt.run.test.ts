/** The harness is stopped in the middle, politely and not: no process, no folder stays, and the recording is readable. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readRecording } from '../recording/reader.ts'
import { runCommand, startCommand, type RunningCommand } from '../testing/command.ts'
import { processesWith, processFile } from '../testing/processes.ts'

interface Lab {
  folder: string
  /** In the environment of every process of the run. */
  mark: string
  start(...args: string[]): RunningCommand
  /** Processes of the run that are still there. */
  survivors: () => number[]
  clusterFolders: () => string[]
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A temporary folder of its own, so that what a run leaves there is seen; each child inherits the mark. */
function newLab(): Lab {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interrupt-test-'))
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'interrupt-tmp-'))
  folders.push(folder, temporary)
  const [name, value] = ['ROLLPROOF_TEST_MARK', path.basename(folder)]
  const mark = `${name}=${value}`
  return {
    folder,
    mark,
    start: (...args) =>
      startCommand(['run', ...args, '--reports', folder], { TMPDIR: temporary, [name]: value }),
    // Pods have an environment of their own; it names the cluster's folder, which lies in the temporary folder.
    survivors: () => [...new Set([...processesWith(mark), ...processesWith(temporary)])],
    clusterFolders: () => readdirSync(temporary).filter(name => name.startsWith('rollproof-')),
  }
}

async function untilNone(look: () => unknown[]): Promise<unknown[]> {
  const deadline = Date.now() + 10_000
  while (look().length > 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 50))
  return look()
}

describe.concurrent('a run that is interrupted', () => {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`by ${signal} cleans up, keeps what it recorded, and exits with ${exitCode}`, async () => {
      const lab = newLab()
      const run = lab.start('naive', '--disruption', 'rolling-update')
      await run.saw('baseline')
      run.child.kill(signal)
      const ended = await run.ended
      expect(ended.exitCode).toBe(exitCode)
      expect(ended.stderr).toContain(`${signal}: ending, cleaning up`)
      expect(lab.survivors()).toEqual([])
      expect(lab.clusterFolders()).toEqual([])
      const [runId = ''] = readdirSync(lab.folder)
      const recording = await readRecording(path.join(lab.folder, runId, 'naive.rolling-update'))
      expect(recording.manifest.interrupted).toContain(signal)
      expect(recording.samples.length).toBeGreaterThan(0)
      expect(recording.torn).toEqual([])
    })
  }

  it('while its cluster is being deployed leaves nothing either', async () => {
    const lab = newLab()
    const run = lab.start('naive', '--disruption', 'drain')
    await run.saw('deploy')
    run.child.kill('SIGINT')
    expect((await run.ended).exitCode).toBe(130)
    expect(lab.survivors()).toEqual([])
    expect(lab.clusterFolders()).toEqual([])
  })

  it.each([
    { of: 'its cluster', program: 'embedded.js', reason: 'the embedded cluster ended' },
    {
      of: 'its load driver',
      program: 'load.js',
      reason: 'the load driver ended early: it was killed by SIGKILL',
    },
  ])('by the death of $of is inconclusive, says why, and leaves nothing', async ({ program, reason }) => {
    const lab = newLab()
    const run = lab.start('naive', '--disruption', 'rolling-update', '-o', 'json')
    await run.saw('baseline')
    const victims = processesWith(lab.mark).filter(pid => processFile(pid, 'cmdline').includes(program))
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
    expect(await untilNone(lab.survivors)).toEqual([])
    expect(await untilNone(lab.clusterFolders)).toEqual([])
  })

  it('by SIGKILL takes its cluster, its pods and its load along, and the recording stays readable', async () => {
    const lab = newLab()
    const run = lab.start('naive', '--disruption', 'rolling-update')
    await run.saw('disruption')
    run.child.kill('SIGKILL')
    await run.ended
    expect(await untilNone(lab.survivors)).toEqual([])
    expect(await untilNone(lab.clusterFolders)).toEqual([])
    const [runId = ''] = readdirSync(lab.folder)
    const recording = await readRecording(path.join(lab.folder, runId, 'naive.rolling-update'))
    expect(recording.manifest.endedUs).toBeNull()
    expect(recording.samples.length).toBeGreaterThan(0)
    const judged = await runCommand(['analyze', path.join(lab.folder, runId), '-o', 'json'])
    expect(judged.exitCode).toBe(3)
    expect(judged.stdout).toContain('"run-interrupted"')
  })
})
