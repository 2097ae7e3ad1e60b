/** On real clusters, by the command line as a user calls it. Small ones: what is tested is that nothing stays behind. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCommand, startCommand } from '../../testing/command.ts'
import { listRecords } from './record.ts'
import { nodeImage, sayWhatIsSkipped, whyNoKind } from './testing/kind-here.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'kind-run-'))
const env = { XDG_STATE_HOME: path.join(folder, 'state'), KUBECONFIG: path.join(folder, 'users-kubeconfig') }
const config = path.join(folder, 'kind.yaml')
const usersOwn = 'apiVersion: v1\nkind: Config\n'
writeFileSync(env.KUBECONFIG, usersOwn)
writeFileSync(
  config,
  'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{ role: control-plane }, { role: worker }, { role: worker }]\n',
)
const COUNT = 3
sayWhatIsSkipped(COUNT)

const run = (...more: string[]): string[] => [
  ...[
    'run',
    'checklist-full',
    '--disruption',
    'rolling-update',
    '--cluster',
    'kind',
    '--kind-config',
    config,
  ],
  ...['--kind-image', nodeImage, '--reports', path.join(folder, 'reports'), ...more],
]
const nodesOf = (name: string): string[] =>
  execFileSync('docker', ['ps', '-aq', '--filter', `label=io.x-k8s.kind.cluster=${name}`], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter(line => line !== '')
const nameIn = (stderr: string): string => /making the cluster (\S+),/.exec(stderr)?.[1] ?? ''

afterAll(() => {
  for (const { record } of listRecords({ ...process.env, ...env }))
    execFileSync('kind', ['delete', 'cluster', '--name', record.name, '--kubeconfig', env.KUBECONFIG])
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(whyNoKind() !== null)('a kind cluster of our own', () => {
  it('that is interrupted while it is made leaves nothing', async () => {
    const { child, saw, ended } = startCommand(run(), env)
    await saw('kind: Writing configuration')
    child.kill('SIGINT')
    const { exitCode, stderr } = await ended
    expect(exitCode).toBe(130)
    expect(nameIn(stderr)).toMatch(/^rollproof-[0-9a-f]{4}$/)
    expect(nodesOf(nameIn(stderr))).toEqual([])
    expect(listRecords({ ...process.env, ...env })).toEqual([])
  })

  it('whose run was killed while it was made is deleted by cleanup, twice without harm', async () => {
    const { child, saw, ended } = startCommand(run('--keep', 'rollproof-killed'), env)
    await saw('kind: Writing configuration')
    child.kill('SIGKILL')
    await ended
    expect(nodesOf('rollproof-killed')).not.toEqual([])
    expect(await runCommand(['cleanup'], env)).toMatchObject({
      exitCode: 0,
      stdout: 'deleted the kind cluster rollproof-killed\n',
    })
    expect(nodesOf('rollproof-killed')).toEqual([])
    expect((await runCommand(['cleanup'], env)).stdout).toBe('nothing was left behind\n')
  })

  it('is made, used, kept, used again, and the user’s kubeconfig is as it was', async () => {
    const first = await runCommand(run('--keep', 'rollproof-kept', '-o', 'json'), env)
    expect(first.stderr).toContain('making the cluster rollproof-kept')
    const report = JSON.parse(first.stdout) as {
      analyses: { cluster: { kind: string; modelled: boolean } }[]
    }
    expect(report.analyses[0]?.cluster).toMatchObject({ kind: 'kind', modelled: false })
    expect(nodesOf('rollproof-kept')).toHaveLength(3)

    const second = await runCommand(run('--keep', 'rollproof-kept', '-o', 'json'), env)
    expect(second.stderr).toContain('using the kept cluster rollproof-kept again')
    expect(second.stderr).not.toContain("loading the sample app's images")
    expect(readFileSync(env.KUBECONFIG, 'utf8')).toBe(usersOwn)
  })
})
