import { expect, test } from 'vitest'
import { sleep } from '../../base/clock.ts'
import { seededRandom } from '../../base/random.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { GracePeriod } from './grace-period.ts'
import { killContainer } from './kill-container.ts'
import { ScriptedContainer } from './testing/scripted-runtime.ts'

const spec = { podUid: '', namespace: '', pod: '', name: 'c', restartCount: 0, argv: [], env: {}, cwd: '' }

/** When the signals came, in milliseconds, to a container that only SIGKILL ends. */
async function signals(
  graceSeconds: number,
  hookMs: number | null,
  turnMs: number | null,
): Promise<{ termMs: number; killMs: number }> {
  const clock = new FakeClock()
  const script = { onSigterm: 'never exits' as const }
  const running = new ScriptedContainer('c', clock, script, { ...spec, executable: name => name })
  void killContainer({
    clock,
    name: 'c',
    running,
    grace: new GracePeriod(graceSeconds),
    floorMs: 2000,
    signalMs: 0,
    preStop: hookMs === null ? null : () => sleep(clock, hookMs).then(() => ({ kind: 'ended' as const })),
    turn: turnMs === null ? null : sleep(clock, turnMs),
    record: () => undefined,
    onHookFailed: () => undefined,
  })
  await clock.advanceAsync((graceSeconds + 60) * 1000)
  const [term, kill] = running.signals
  return { termMs: term?.atMs ?? NaN, killMs: kill?.atMs ?? NaN }
}

// Table A.2 of the semantics; null = no hook.
test.each([
  [30, null, 0, 30_000],
  [30, 10_000, 10_000, 30_000],
  [30, 10_900, 10_900, 30_900],
  [30, 30_000, 30_000, 32_000],
  [30, 3_600_000, 30_000, 32_000],
  [30, 50, 50, 30_050],
  [1, null, 0, 2000],
  [0, null, 0, 2000],
  [5, null, 0, 5000],
])('grace %i s with a hook of %s ms: SIGTERM at %i, SIGKILL at %i', async (grace, hookMs, termMs, killMs) => {
  expect(await signals(grace, hookMs, null)).toEqual({ termMs, killMs })
})

test('a wait for its turn has what the hook left, and each is deducted in whole seconds', async () => {
  expect(await signals(10, 3500, 100_000)).toEqual({ termMs: 10_500, killMs: 12_500 })
  expect(await signals(10, 3500, 5200)).toEqual({ termMs: 5200, killMs: 11_200 })
})

test('SIGKILL never comes before the grace period is over, nor within two seconds of SIGTERM', async () => {
  const seed = 20_260_721
  const random = seededRandom(seed)
  for (let round = 0; round < 200; round++) {
    const grace = Math.floor(random.between(0, 40))
    const hookMs = random.next() < 0.3 ? null : Math.floor(random.between(0, 50_000))
    const turnMs = random.next() < 0.5 ? null : Math.floor(random.between(0, 50_000))
    const { termMs, killMs } = await signals(grace, hookMs, turnMs)
    const what = `seed ${seed}, round ${round}: grace ${grace}, hook ${hookMs}, turn ${turnMs}`
    expect(killMs - termMs, what).toBeGreaterThanOrEqual(2000)
    expect(killMs, what).toBeGreaterThanOrEqual(grace * 1000)
    expect(termMs, what).toBeLessThan(Math.max(1, grace) * 1000 + 1000)
  }
})
