/** A cluster of somebody's kubeconfig: what is refused, what is shown, and what is taken back when a run is interrupted. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../testing/command.ts'
import {
  allowNodes,
  args,
  cleanup,
  drain,
  journals,
  LAB_LIMIT_MS,
  start,
  startContextLab,
  state,
  type ContextLab,
} from '../testing/context-lab.ts'

describe('a run on a context', () => {
  let lab: ContextLab
  beforeAll(async () => void (lab = await startContextLab()), LAB_LIMIT_MS)
  afterAll(() => lab.close(), LAB_LIMIT_MS)

  it('is refused with all that is missing, before anything is touched', async () => {
    const before = await state(lab)
    const { exitCode, stdout, stderr } = await runCommand(args(lab, '--disruption', 'drain'), lab.env)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/nothing was touched[^]*--allow-drain[^]*label node worker-1 worker-2 worker-3/)
    expect(await state(lab)).toEqual(before)
  })

  it('wants its flags only with a cluster that is named', async () => {
    const { exitCode, stderr } = await runCommand(['run', 'naive', '--dry-run', '-n', 'shop'], lab.env)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/-n, --dry-run: only on a cluster that is named/) as string,
    })
  })

  it('names the contexts there are when it is given another', async () => {
    const { exitCode, stderr } = await runCommand(
      ['run', 'naive', '--context', 'prod', '--kubeconfig', lab.kubeconfig],
      lab.env,
    )
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'no context prod; there is rollproof\n',
    })
  })

  it('shows every change that it would make, and makes none', async () => {
    await allowNodes(lab)
    const before = await state(lab)
    const config = readFileSync(lab.kubeconfig, 'utf8')
    const { exitCode, stdout } = await runCommand(drain(lab, '--dry-run'), lab.env)
    expect(exitCode).toBe(0)
    expect(await state(lab)).toEqual(before)
    expect(readFileSync(lab.kubeconfig, 'utf8')).toBe(config)
    expect(journals(lab)).toEqual([])
    const methods = [...stdout.matchAll(/^# \d+\. (\w+) (\S+)/gm)].map(
      ([, method, where]) => `${method} ${where}`,
    )
    expect(methods.filter(each => each.startsWith('POST')).map(each => each.replace(/\?.*/, ''))).toEqual([
      'POST /api/v1/namespaces',
      expect.stringMatching(/services$/),
      expect.stringMatching(/services$/),
      expect.stringMatching(/deployments$/),
      expect.stringMatching(/deployments$/),
      expect.stringMatching(/eviction$/),
      expect.stringMatching(/eviction$/),
    ])
    expect(methods.at(-1)).toMatch(/^DELETE \/api\/v1\/namespaces\/rollproof-/)
  })

  it('that is alive is left alone by cleanup, and takes back its changes when it is interrupted', async () => {
    const before = await state(lab)
    const run = start(lab)
    await run.saw(': disruption')
    const { exitCode, stdout } = await cleanup(lab)
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/is still going on \(process \d+\): left alone/) as string,
    })
    expect(journals(lab)).toHaveLength(1)
    run.child.kill('SIGINT')
    expect((await run.ended).exitCode).toBe(130)
    expect(journals(lab)).toEqual([])
    expect(await state(lab)).toEqual(before)
  })

  it('whose cluster cannot be reached keeps its journal', async () => {
    const run = start(lab)
    await run.saw(': deploy')
    run.child.kill('SIGKILL')
    await run.ended
    const supervisor = JSON.parse(
      readFileSync(path.join(lab.folder, 'rollproof', 'cluster', 'state.json'), 'utf8'),
    ) as { pid: number }
    execFileSync('kill', ['-KILL', String(supervisor.pid)])
    const { exitCode, stderr } = await cleanup(lab)
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/cannot be reached[^]*its journal is kept/)
    expect(journals(lab)).toHaveLength(1)
  })
})
