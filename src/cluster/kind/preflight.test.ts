/** What is missing is told before anything is made. Docker and kind are scripts here, so this is tested everywhere. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { journalFolder, readJournals } from '../journal.ts'
import { acquireKind, type KindPlan } from './kind-cluster.ts'
import { KindUnavailable, type KindProblem } from './problem.ts'
import { folderOf, kindFolder, listRecords, processId, writeRecord } from './record.ts'
import { removeKindLeftovers } from './leftovers.ts'

let folder: string
let env: NodeJS.ProcessEnv
const said: string[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kind-test-'))
  mkdirSync(path.join(folder, 'bin'))
  env = {
    PATH: `${path.join(folder, 'bin')}:/usr/bin:/bin`,
    XDG_STATE_HOME: path.join(folder, 'state'),
    DOCKER_HOST: `unix://${path.join(folder, 'docker.sock')}`,
    CALLS: path.join(folder, 'calls'),
  }
  said.length = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** `cases`: what the script does for an argument list that begins so; the rest of it fails. */
function script(name: 'docker' | 'kind', cases: Record<string, string>): void {
  const lines = Object.entries(cases).map(([begin, action]) => `"${begin}"*) ${action} ;;`)
  const text = `#!/bin/sh\necho "${name} $*" >> "$CALLS"\ncase "$*" in\n${lines.join('\n')}\n*) echo "unexpected: $*" >&2; exit 9 ;;\nesac\n`
  const file = path.join(folder, 'bin', name)
  writeFileSync(file, text)
  chmodSync(file, 0o755)
}

const plenty = { MemTotal: 64e9, DockerRootDir: '', Name: 'elsewhere' }
const dockerFine = { info: `echo '${JSON.stringify(plenty)}'`, 'image inspect': 'exit 0' }
const kindFine = { version: 'echo kind v0.33.0 go1.26 linux/amd64', 'get clusters': 'echo other' }

const calls = (): string => readFileSync(path.join(folder, 'calls'), 'utf8')

function plan(overrides: Partial<KindPlan> = {}): KindPlan {
  return {
    runId: '20260101-000000-abcd',
    image: null,
    config: null,
    keep: null,
    ownImages: [],
    logs: path.join(folder, 'logs'),
    env,
    clock: systemClock,
    signal: new AbortController().signal,
    say: text => said.push(text),
    ...overrides,
  }
}

async function problemsOf(overrides: Partial<KindPlan> = {}): Promise<readonly KindProblem[]> {
  const error: unknown = await acquireKind(plan(overrides)).catch((reason: unknown) => reason)
  if (!(error instanceof KindUnavailable)) throw error
  return error.problems
}

describe('a machine that lacks something', () => {
  it('without docker and kind: both are told at once', async () => {
    env.PATH = path.join(folder, 'bin')
    const problems = await problemsOf()
    expect(problems.map(({ fault }) => fault)).toEqual(['here', 'here'])
    expect(problems[0]?.message).toMatch(/^docker is not installed .*install it/)
    expect(problems[1]?.message).toMatch(/^kind is not installed .*install it/)
    expect(listRecords(env)).toEqual([])
  })

  it('with nobody at the socket: docker is not running', async () => {
    script('docker', { info: 'echo "Cannot connect" >&2; exit 1' })
    script('kind', kindFine)
    const [problem] = await problemsOf()
    expect(problem?.message).toMatch(/^Docker is not running \(nobody listens at .*docker\.sock\): start it/)
  })

  it('with somebody at the socket who says no: what docker said', async () => {
    script('docker', { info: 'echo "API version is too old" >&2; exit 1' })
    script('kind', kindFine)
    const server = net.createServer(socket => socket.destroy()).listen(path.join(folder, 'docker.sock'))
    const [problem] = await problemsOf()
    server.close()
    expect(problem?.message).toMatch(/^Docker does not answer at unix:.*: API version is too old$/)
  })

  it.skipIf(process.getuid?.() === 0)('with a socket that is not ours: the rights', async () => {
    script('docker', { info: 'exit 1' })
    script('kind', kindFine)
    const socket = path.join(folder, 'docker.sock')
    const server = net.createServer().listen(socket)
    await new Promise(resolve => server.once('listening', resolve))
    chmodSync(socket, 0)
    const [problem] = await problemsOf()
    server.close()
    expect(problem?.message).toMatch(/^this user may not use Docker's socket .*group `docker`/)
  })

  it('with a kind that is too old, too little memory: both, with what to do', async () => {
    const small = { ...plenty, MemTotal: 1e9 }
    script('docker', { ...dockerFine, info: `echo '${JSON.stringify(small)}'` })
    script('kind', { ...kindFine, version: 'echo kind v0.11.1 go1.16 linux/amd64' })
    const problems = await problemsOf()
    expect(problems.map(({ message }) => message)).toEqual([
      'this is kind v0.11.1 go1.16 linux/amd64; rollproof needs kind v0.20 or newer: install a newer one',
      expect.stringMatching(
        /^a cluster of 4 nodes needs about 1\.8 GiB of memory, and Docker has 0\.9 GiB: /,
      ),
    ])
  })
})

describe.skipIf(process.platform !== 'linux')('a machine with many kind nodes', () => {
  it('has too few file watchers for more', async () => {
    const local = { ...plenty, MemTotal: 64e9, Name: os.hostname() }
    script('docker', { ...dockerFine, info: `echo '${JSON.stringify(local)}'`, ps: 'yes | head -n 100000' })
    script('kind', kindFine)
    const [problem] = await problemsOf()
    expect(problem?.message).toMatch(
      /^this machine allows \d+ file watchers, too few for 4 nodes beside the 100000 nodes .*max_user_instances=512/,
    )
  })
})

describe('a command line that asks for what is not', () => {
  beforeEach(() => {
    script('docker', dockerFine)
    script('kind', kindFine)
  })

  it('a name that a cluster of somebody else has', async () => {
    const [problem] = await problemsOf({ keep: 'other' })
    expect(problem).toMatchObject({ fault: 'asked' })
    expect(problem?.message).toMatch(
      /kind cluster other already, which rollproof did not make: .*--keep NAME/,
    )
    expect(calls()).not.toMatch(/delete|create/)
  })

  it('a node image that is neither here nor to be had', async () => {
    script('docker', {
      ...dockerFine,
      'image inspect': 'exit 1',
      pull: 'echo "no such host" >&2; exit 1',
      images: 'printf "kindest/node:v1.30.0\\nredis:7\\n"',
    })
    const [problem] = await problemsOf({ image: 'kindest/node:v9' })
    expect(problem?.fault).toBe('asked')
    expect(problem?.message).toBe(
      'the node image kindest/node:v9 is not on this machine and could not be pulled: no such host; ' +
        'name another with --kind-image (here is kindest/node:v1.30.0)',
    )
  })

  it.each([
    ['no file', null, /no such file$/],
    ['no YAML', 'kind: [', /--kind-config .*kind\.yaml: /],
    ['another kind', 'kind: Pod', /expected kind's own configuration/],
    [
      'one worker',
      'kind: Cluster\nnodes: [{ role: worker }]',
      /1 of its nodes is a worker; a drain needs 2 or more/,
    ],
  ])('a configuration: %s', async (_name, text, expected) => {
    const config = path.join(folder, 'kind.yaml')
    if (text !== null) writeFileSync(config, text)
    const [problem] = await problemsOf({ config })
    expect(problem?.fault).toBe('asked')
    expect(problem?.message).toMatch(expected)
  })

  it('a kept cluster that another run uses now', async () => {
    const record = { name: 'kept', creator: null, keep: true, complete: true, images: ['some'] }
    writeRecord(folderOf(env, 'kept'), { ...record, user: processId(process.pid) })
    const [problem] = await problemsOf({ keep: 'kept' })
    expect(problem?.message).toMatch(/^another run \(process \d+\) uses the kind cluster kept: wait for it/)
  })
})

describe('what is begun is undone', () => {
  beforeEach(() => script('docker', dockerFine))

  it('when kind fails: its last words, the logs, and nothing left', async () => {
    script('kind', {
      ...kindFine,
      'create cluster': 'echo " • Preparing nodes 📦 …" >&2; echo "ERROR: no cgroups" >&2; exit 1',
      'export logs': 'exit 1',
      'delete cluster': 'exit 0',
    })
    await expect(acquireKind(plan())).rejects.toThrow('kind create cluster failed: ERROR: no cgroups')
    expect(said).toContain('kind: Preparing nodes 📦 …')
    expect(calls()).toMatch(
      /create cluster --name rollproof-abcd .*--retain .*--kubeconfig .*kubeconfig --image kindest\/node/,
    )
    expect(calls()).toMatch(/delete cluster --name rollproof-abcd --kubeconfig/)
    expect(listRecords(env)).toEqual([])
  })

  it('when the user interrupts: kind is ended, and the cluster deleted', async () => {
    const interrupt = new AbortController()
    script('kind', { ...kindFine, 'create cluster': 'echo " • one" ; sleep 60', 'delete cluster': 'exit 0' })
    const say = (text: string): void => {
      if (text === 'kind: one') interrupt.abort('SIGINT')
    }
    await expect(acquireKind(plan({ signal: interrupt.signal, say }))).rejects.toBe('SIGINT')
    expect(calls()).toMatch(/delete cluster --name rollproof-abcd/)
    expect(listRecords(env)).toEqual([])
  })
})

describe('what a killed run left', () => {
  const dead = { pid: 2 ** 22 - 1, started: '1' }

  it('is deleted, twice without harm; what is kept, or in use, stays', async () => {
    script('kind', { 'delete cluster': 'exit 0' })
    const record = { creator: null, complete: true, images: [] }
    writeRecord(folderOf(env, 'left'), { ...record, name: 'left', user: dead, keep: false })
    writeRecord(folderOf(env, 'half'), { ...record, name: 'half', user: dead, keep: true, complete: false })
    writeRecord(folderOf(env, 'kept'), { ...record, name: 'kept', user: dead, keep: true })
    writeRecord(folderOf(env, 'used'), { ...record, name: 'used', user: processId(process.pid), keep: false })
    const removed = await removeKindLeftovers(env)
    expect(removed).toEqual([
      { name: 'half', failure: null },
      { name: 'left', failure: null },
    ])
    expect(await removeKindLeftovers(env)).toEqual([])
    expect(listRecords(env).map(each => each.record.name)).toEqual(['kept', 'used'])
    expect(calls()).not.toMatch(/kept|used/)
  })

  it('takes the journals of the runs on it with it, and no others', async () => {
    script('kind', { 'delete cluster': 'exit 0' })
    const kubeconfig = path.join(folderOf(env, 'left'), 'kubeconfig')
    writeRecord(folderOf(env, 'left'), {
      name: 'left',
      user: dead,
      creator: null,
      keep: false,
      complete: true,
      images: [],
    })
    const journals = journalFolder(env)
    mkdirSync(journals, { recursive: true })
    const journal = (runId: string, file: string): void => {
      const place = { kubeconfigFiles: [file], context: 'c', server: 's', clusterUid: null, namespace: null }
      const head = { type: 'run', version: 1, runId, pid: dead.pid, processStart: dead.started, place }
      writeFileSync(path.join(journals, `${runId}.ndjson`), `${JSON.stringify(head)}\n`)
    }
    journal('here', kubeconfig)
    journal('elsewhere', '/some/kubeconfig')
    await removeKindLeftovers(env)
    expect(readJournals(journals).map(({ head }) => head.runId)).toEqual(['elsewhere'])
  })

  it('is not forgotten while kind cannot delete it', async () => {
    script('kind', { 'delete cluster': 'echo "no docker" >&2; exit 1' })
    const record = { name: 'left', user: dead, creator: null, keep: false, complete: true, images: [] }
    writeRecord(folderOf(env, 'left'), record)
    expect(await removeKindLeftovers(env)).toEqual([
      { name: 'left', failure: 'kind delete cluster --name left: no docker' },
    ])
    expect(listRecords(env)).toHaveLength(1)
    expect(kindFolder(env)).toContain(folder)
  })
})
