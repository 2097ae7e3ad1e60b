/**
 * A chart's life with the helm of this machine, against the built program: it keeps its releases in Secrets, merges three
 * ways, waits for what it made, and runs hooks as pods. Without a helm there is nothing to run, and the test says so.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject, Pod } from '../kube/types.ts'
import { ClusterProgram } from './testing/cluster-program.ts'

const hasHelm = spawnSync('helm', ['version']).status === 0
if (!hasHelm) console.warn('SKIPPED: there is no helm on the PATH, so no chart was installed')
const chart = fileURLToPath(new URL('testdata/chart', import.meta.url))

let cluster: ClusterProgram
let folder: string
beforeAll(async () => {
  if (!hasHelm) return
  folder = mkdtempSync(join(tmpdir(), 'helm-'))
  cluster = await ClusterProgram.start()
  writeFileSync(join(folder, 'config'), cluster.kubeconfig)
})
afterAll(async () => {
  if (!hasHelm) return
  await cluster.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Both outputs, and the exit code where it is not 0. */
async function helm(...words: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, 'config') }
  const child = spawn('helm', words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise(resolve => child.once('close', resolve))
  return code === 0 ? text : `${text}exit ${String(code)}\n`
}

async function list<T extends KubeObject>(resource: string): Promise<T[]> {
  const found = await cluster.request<KubeObject & { items: T[] }>(
    'GET',
    `/api/v1/namespaces/default/${resource}`,
  )
  return found.items
}

/** What its pods were made from, each that is ready. */
async function checksums(): Promise<(string | undefined)[]> {
  const pods = await list<Pod>('pods')
  const ready = pods.filter(({ metadata, status }) => {
    const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    return metadata.deletionTimestamp === undefined && isReady
  })
  return ready.map(({ metadata }) => metadata.annotations?.['checksum/config'])
}

describe.skipIf(!hasHelm)('a chart', () => {
  it('is installed, upgraded, rolled back, tested, and taken away whole', async () => {
    const before = (await list('secrets')).length
    expect(await helm('install', 'shop', chart, '--wait')).toContain('STATUS: deployed')
    const first = await checksums()
    expect(first).toHaveLength(2)

    expect(await helm('upgrade', 'shop', chart, '--wait', '--set', 'version=two')).toContain('REVISION: 2')
    const second = await checksums()
    expect(new Set([...first, ...second]).size).toBe(2)
    expect(second).toHaveLength(2)

    expect(await helm('rollback', 'shop', '1', '--wait')).toContain('Rollback was a success')
    expect(await checksums()).toEqual(first)
    expect(await helm('test', 'shop')).toMatch(/Phase: +Succeeded/)

    const broken = await helm(
      'upgrade',
      'shop',
      chart,
      '--atomic',
      '--timeout',
      '4s',
      '--set',
      'image=nowhere',
    )
    expect(broken).toContain('has been rolled back due to atomic being set')
    expect(await checksums()).toEqual(first)
    const history = JSON.parse(await helm('history', 'shop', '-o', 'json')) as { status: string }[]
    expect(history.map(({ status }) => status)).toEqual([
      ...['superseded', 'superseded', 'superseded', 'failed', 'deployed'],
    ])

    expect(await helm('uninstall', 'shop', '--wait')).toContain('uninstalled')
    await cluster.until(async () => (await list('pods')).length === 0)
    expect((await list('secrets')).length).toBe(before)
    expect(await list('services')).toEqual([])
  })
})
