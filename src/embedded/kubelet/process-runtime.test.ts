import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { present } from '../../base/assert.ts'
import { sleep, systemClock } from '../../base/clock.ts'
import { executablePath, Images } from '../images.ts'
import type { ContainerExit, RunningContainer } from './container-runtime.ts'
import { nodeEnvironment } from './pod-place.ts'
import { ProcessRuntime } from './process-runtime.ts'

let directory: string
let runtime: ProcessRuntime
let images: Images
let serial = 0
const place = { hostname: 'web', address: '127.1.97.1', host: '127.1.97.1', ports: {} }

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'process-runtime-'))
  const script = join(directory, 'app.cjs')
  writeFileSync(
    script,
    `const [, , mode] = process.argv
if (mode === 'handler') process.on('SIGTERM', () => { console.log('bye'); process.exit(3) })
if (mode === 'child') require('node:child_process').spawn(process.execPath, ['-e', 'console.log(process.pid); setInterval(() => {}, 1000)'], { stdio: 'inherit' })
setInterval(() => {}, 1000)
console.log('up')
`,
  )
  images = new Images(join(directory, 'images'), {
    app: {
      commands: { app: [process.execPath, script], sh: ['/bin/sh'], false: ['/bin/false'] },
      entrypoint: ['app'],
      args: [],
      env: {},
      workingDir: null,
    },
  })
  runtime = new ProcessRuntime({
    clock: systemClock,
    openLog: ({ name }) => ({ file: join(directory, `${name}.log`), onExit: () => undefined }),
    groups: { started: () => undefined, ended: () => undefined },
  })
})
afterEach(() => runtime.killAll())
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Started {
  running: RunningContainer
  log: () => string
}

function start(argv: string[]): Started {
  const name = `c${++serial}`
  const image = present(images.find('app'), 'image')
  const running = runtime.start({
    podUid: 'u',
    namespace: 'default',
    pod: 'web',
    name,
    restartCount: 0,
    argv,
    env: nodeEnvironment(place, images.preload, undefined),
    cwd: directory,
    executable: command => executablePath(image, command),
  })
  return { running, log: () => readFileSync(join(directory, `${name}.log`), 'utf8') }
}

async function says(started: Started, text: string): Promise<void> {
  while (!started.log().includes(text)) await sleep(systemClock, 10)
}

function exitOf(running: RunningContainer): Promise<ContainerExit> {
  return new Promise(resolve => running.onExit(resolve))
}

test('a process without a handler ignores SIGTERM, as PID 1 does', async () => {
  const app = start(['app'])
  await says(app, 'up')
  expect(app.running.terminate()).toBe('ignored')
  expect(app.running.exit).toBeNull()
  app.running.kill()
  expect(await exitOf(app.running)).toMatchObject({ code: 137, signal: 9, reason: 'Error' })
  expect(app.running.terminate()).toBe('gone')
})

test('a process with a handler gets SIGTERM, and its last words are in the log', async () => {
  const app = start(['app', 'handler'])
  await says(app, 'up')
  expect(app.running.terminate()).toBe('sent')
  expect(await exitOf(app.running)).toMatchObject({ code: 3, signal: null })
  expect(app.log()).toContain('bye')
})

test('a shell that does not replace itself is PID 1, and the server behind it never hears of SIGTERM', async () => {
  const app = start(['sh', '-c', 'app handler; true'])
  await says(app, 'up')
  expect(app.running.terminate()).toBe('ignored')
})

test('when PID 1 is killed, the processes it started die too', async () => {
  const app = start(['app', 'child'])
  await says(app, 'up')
  while (!/^\d+$/m.test(app.log())) await sleep(systemClock, 10)
  const child = Number(/^\d+$/m.exec(app.log())?.[0])
  app.running.kill()
  await exitOf(app.running)
  while (isRunning(child)) await sleep(systemClock, 10)
})

test('a command that the image lacks cannot be started; one that fails has an exit code', async () => {
  const app = start(['app'])
  await says(app, 'up')
  expect((await app.running.exec(['sleep', '5'], null)).kind).toBe('could-not-start')
  expect((await app.running.exec(['/bin/cat', '/tmp/x'], null)).kind).toBe('could-not-start')
  expect(await app.running.exec(['false'], null)).toEqual({ kind: 'exited', code: 1, output: '' })
  expect(await app.running.exec(['sh', '-c', 'sleep 5; exit 127'], null)).toMatchObject({ code: 127 })
})

test('a container whose own command is missing ends with a start error', async () => {
  const { running } = start(['nowhere'])
  expect(await exitOf(running)).toMatchObject({ code: 128, reason: 'StartError' })
})

test('a command that takes too long is killed, and so is one whose container ends', async () => {
  const app = start(['app'])
  await says(app, 'up')
  expect(await app.running.exec(['app'], 100)).toEqual({ kind: 'timed-out' })
  const hanging = app.running.exec(['app'], null)
  app.running.kill()
  expect(await hanging).toMatchObject({ kind: 'exited', code: 137 })
})

function isRunning(pid: number): boolean {
  try {
    // A zombie that nobody reaps is dead as well.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
