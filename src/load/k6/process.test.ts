/** The built program against a k6 of the test's own: what it makes of its end, and of being killed itself. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sleep, systemClock } from '../../base/clock.ts'
import { spawnDriver, type DriverProcess } from '../testdata/driver-process.ts'
import { planFor, population } from '../testdata/plans.ts'
import { accountOf } from '../testdata/run-driver.ts'

const fake = fileURLToPath(new URL('testdata/fake-k6.mjs', import.meta.url))
let folder = ''
beforeEach(() => void (folder = mkdtempSync(path.join(os.tmpdir(), 'rollproof-k6-'))))
afterEach(() => rmSync(folder, { recursive: true }))

function start(how: string, changes: { script?: string } = {}): DriverProcess {
  const k6 = { executable: fake, version: '1.8.1', script: changes.script ?? null }
  const plan = { ...planFor(1, [population({ ratePerSecond: 50 })], { maxDurationMs: 60_000 }), k6 }
  return spawnDriver(plan, {
    program: 'k6-load',
    env: { FAKE_K6: how, FAKE_K6_PID: path.join(folder, 'pid') },
  })
}

const isAlive = (pid: number): boolean => {
  try {
    // A zombie has ended, whoever has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(systemClock, 10)
}

async function pidOfK6(): Promise<number> {
  const file = path.join(folder, 'pid')
  await eventually(() => existsSync(file) && readFileSync(file, 'utf8') !== '')
  return Number(readFileSync(file, 'utf8'))
}

describe('k6 as the load driver', () => {
  it('tells what any driver tells, and lets open requests end after a stop', async () => {
    const driver = start('run')
    await driver.seen(message => message.type === 'progress' && message.totals.succeeded >= 20)
    driver.send('{"type":"stop"}')
    driver.child.stdin.end()
    expect({ code: await driver.exited, complaint: driver.complaint() }).toEqual({ code: 0, complaint: '' })
    expect(driver.messages[0]).toMatchObject({ type: 'started', pid: driver.child.pid })
    expect(driver.messages.at(-1)?.type).toBe('ended')
    const { samples, totals } = accountOf(driver.messages)
    expect(totals).toMatchObject({
      scheduled: samples.length,
      sent: samples.length,
      failed: 0,
      unresolved: 0,
    })
    expect(new Set(samples.map(({ seq }) => seq)).size).toBe(samples.length)
    expect(samples.find(({ seq }) => seq === 0)).toMatchObject({
      outcome: { kind: 'succeeded' },
      servedBy: 'web-a',
    })
  })

  it('ends with code 3 and k6’s own words when k6 breaks off', async () => {
    const driver = start('breaks')
    expect(await driver.exited).toBe(3)
    expect(driver.complaint()).toBe(
      'k6-load: k6 broke off (exit code 107): SyntaxError: the script is wrong\n',
    )
    expect(accountOf(driver.messages).totals.scheduled).toBe(0)
  })

  it('ends with code 3 when a script of the user’s own never asks the target', async () => {
    const driver = start('idle', { script: 'checkout.ts' })
    expect(await driver.exited).toBe(3)
    expect(driver.complaint()).toContain('without a request to http://127.0.0.1:1')
    expect(driver.complaint()).toContain('__ENV.BASE_URL')
  })

  it('refuses a plan that names no k6 with code 2', async () => {
    const driver = spawnDriver(planFor(1, [population({})]), { program: 'k6-load' })
    expect(await driver.exited).toBe(2)
    expect(driver.complaint()).toContain('k6-load: the plan: k6 must name')
  })
})

describe.skipIf(!existsSync('/proc/self/status'))('k6 ends', () => {
  it.each(['run', 'deaf'])('with a program that is killed (%s)', async how => {
    const driver = start(how)
    const pid = await pidOfK6()
    if (how === 'run') await driver.seen(message => message.type === 'started')
    driver.child.kill('SIGKILL')
    await eventually(() => !isAlive(pid))
    await driver.exited
  })

  it.each(['run', 'deaf'])('with a parent that is gone (%s)', async how => {
    const driver = start(how)
    const pid = await pidOfK6()
    if (how === 'run') await driver.seen(message => message.type === 'started')
    driver.child.stdin.end()
    await driver.exited
    await eventually(() => !isAlive(pid))
    const { totals } = accountOf(driver.messages)
    expect(totals.unresolved).toBe(how === 'run' ? 1 : 0)
  })
})
