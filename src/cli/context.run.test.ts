/** A cluster of somebody's kubeconfig: what is refused, what is left after a SIGKILL, and what cleanup makes of it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { connectKube, type KubeClient } from '../kube/client.ts'
import type { KubeObject, Node } from '../kube/types.ts'
import { runCommand, startCommand, type CommandEnd, type RunningCommand } from '../testing/command.ts'

let folder: string
let env: Record<string, string>
let kubeconfig: string
let client: KubeClient

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'context-test-'))
  env = { XDG_STATE_HOME: folder }
  expect((await runCommand(['cluster', 'up'], env)).exitCode).toBe(0)
  kubeconfig = path.join(folder, 'rollproof', 'cluster', 'kubeconfig')
  client = await connectKube({ files: [kubeconfig] })
}, 60_000)
afterAll(async () => {
  client.close()
  await runCommand(['cluster', 'down'], env)
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const args = (...more: string[]): string[] => [
  'run',
  'naive',
  '--context',
  'rollproof',
  '--kubeconfig',
  kubeconfig,
  '--reports',
  path.join(folder, 'reports'),
  ...more,
]
const drain = (...more: string[]): string[] => args('--disruption', 'drain', '--allow-drain', ...more)
const start = (): RunningCommand => startCommand(drain(), env)
const cleanup = (): Promise<CommandEnd> => runCommand(['cleanup'], env)
const journals = (): string[] => {
  try {
    return readdirSync(path.join(folder, 'rollproof', 'journal'))
  } catch {
    return []
  }
}

/** All that a run could have left. */
async function state(): Promise<object> {
  const nodes = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const namespaces = await client.request<{ items: KubeObject[] }>('GET', '/api/v1/namespaces')
  return {
    namespaces: namespaces.items.map(({ metadata }) => metadata.name),
    nodes: nodes.items.map(({ metadata, spec }) => ({
      node: metadata.name,
      unschedulable: spec.unschedulable ?? false,
      annotations: metadata.annotations ?? {},
    })),
  }
}

async function labelNodes(value: string | null): Promise<void> {
  const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  for (const { metadata } of items) {
    await client.request('PATCH', `/api/v1/nodes/${metadata.name}`, {
      body: { metadata: { labels: { 'rollproof.dev/allowed': value } } },
      contentType: 'application/merge-patch+json',
    })
  }
}

describe('a run on a context', () => {
  it('is refused with all that is missing, before anything is touched', async () => {
    const before = await state()
    const { exitCode, stdout, stderr } = await runCommand(args('--disruption', 'drain'), env)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/nothing was touched[^]*--allow-drain[^]*label node worker-1 worker-2 worker-3/)
    expect(await state()).toEqual(before)
  })

  it('wants its flags only with a cluster that is named', async () => {
    const { exitCode, stderr } = await runCommand(['run', 'naive', '--dry-run', '-n', 'shop'], env)
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringMatching(/-n, --dry-run: only on a cluster that is named/) as string,
    })
  })

  it('names the contexts there are when it is given another', async () => {
    const { exitCode, stderr } = await runCommand(
      ['run', 'naive', '--context', 'prod', '--kubeconfig', kubeconfig],
      env,
    )
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'no context prod; there is rollproof\n',
    })
  })

  it('shows every change that it would make, and makes none', async () => {
    await labelNodes('true')
    const before = await state()
    const config = readFileSync(kubeconfig, 'utf8')
    const { exitCode, stdout } = await runCommand(drain('--dry-run'), env)
    expect(exitCode).toBe(0)
    expect(await state()).toEqual(before)
    expect(readFileSync(kubeconfig, 'utf8')).toBe(config)
    expect(journals()).toEqual([])
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

  // In mid-deployment, in mid-drain, and while it is cleaning up; how far into each is left to chance.
  const random = seededRandom(process.pid)
  it.each(['deploy', 'disruption', 'clean-up'])(
    'that is killed in %s is cleaned up after, twice without harm',
    async phase => {
      const before = await state()
      const run = start()
      await run.saw(`: ${phase}`)
      await new Promise(resolve => setTimeout(resolve, random.between(0, 400)))
      run.child.kill('SIGKILL')
      await run.ended
      const { exitCode, stderr } = await cleanup()
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(await state()).toEqual(before)
      expect(journals()).toEqual([])
      expect((await cleanup()).stdout).toBe('nothing was left behind\n')
      expect(await state()).toEqual(before)
    },
  )

  it('that is alive is left alone by cleanup, and takes back its changes when it is interrupted', async () => {
    const before = await state()
    const run = start()
    await run.saw(': disruption')
    const { exitCode, stdout } = await cleanup()
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/is still going on \(process \d+\): left alone/) as string,
    })
    expect(journals()).toHaveLength(1)
    run.child.kill('SIGINT')
    expect((await run.ended).exitCode).toBe(130)
    expect(journals()).toEqual([])
    expect(await state()).toEqual(before)
  })

  it('whose cluster cannot be reached keeps its journal', async () => {
    const run = start()
    await run.saw(': deploy')
    run.child.kill('SIGKILL')
    await run.ended
    const supervisor = JSON.parse(
      readFileSync(path.join(folder, 'rollproof', 'cluster', 'state.json'), 'utf8'),
    ) as { pid: number }
    execFileSync('kill', ['-KILL', String(supervisor.pid)])
    const { exitCode, stderr } = await cleanup()
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/cannot be reached[^]*its journal is kept/)
    expect(journals()).toHaveLength(1)
  })
})
