/** With a real k6, where one is on the PATH: what our servers saw against what came out. Elsewhere skipped, and said. */
import { describe, expect, it } from 'vitest'
import { findK6 } from '../../base/k6-executable.ts'
import { runCommand } from '../../testing/command.ts'
import { spawnDriver } from '../testdata/driver-process.ts'
import { planFor, population } from '../testdata/plans.ts'
import { accountOf } from '../testdata/run-driver.ts'
import { startFaultServer } from './compare/fault-server.ts'

const search = await findK6(process.env)
const why = search.ok ? `k6 ${search.k6.version}` : `SKIPPED, 2 tests: ${search.problem}`
if (!search.ok) process.stderr.write(`tests with a real k6: ${why}\n`)

describe.skipIf(!search.ok)(`a real k6 (${why})`, () => {
  it('keeps books that agree with the server’s, and loses none of its failures', async () => {
    const server = await startFaultServer('close-unanswered', 20, false)
    const profiles = [
      population({ ratePerSecond: 40 }),
      population({ population: 'reused', ratePerSecond: 20, connections: 5 }),
    ]
    const k6 = search.ok
      ? { executable: search.k6.file, version: search.k6.version, script: null }
      : { executable: 'k6', version: '0', script: null }
    const plan = { ...planFor(server.port, profiles, { maxDurationMs: 120_000 }), k6 }
    const driver = spawnDriver(plan, { program: 'k6-load' })
    await driver.seen(message => message.type === 'progress' && message.totals.succeeded >= 150)
    driver.send('{"type":"stop"}')
    expect({ code: await driver.exited, complaint: driver.complaint() }).toEqual({ code: 0, complaint: '' })
    const truth = server.truth()
    await server.close()
    const { samples, totals } = accountOf(driver.messages)
    const sent = samples.filter(({ sentUs }) => sentUs !== null)
    expect(truth).toMatchObject({ arrived: sent.length, sentAgain: 0 })
    expect(totals).toMatchObject({ failed: truth.injected, unresolved: 0 })
    expect(new Set(samples.map(({ seq }) => seq)).size).toBe(totals.scheduled)
    // A POST on each kept connection: a GET would have been sent again in silence.
    expect(new Set(sent.filter(each => each.population === 'reused').map(({ kind }) => kind))).toEqual(
      new Set(['post']),
    )
  }, 120_000)

  it('hides what is sent again in silence, and our driver does not', async () => {
    const { exitCode, stdout } = await runCommand(['compare-drivers'])
    expect(stdout).toMatch(
      /kept connection closed, GET +(\d+) of \1 closed +0 of \d+, \d+ sent again in silence/,
    )
    expect(stdout).toMatch(/kept connection closed, POST +(\d+) of \1 closed +(\d+) of \2 closed/)
    expect(exitCode).toBe(0)
  }, 300_000)
})
