import { expect, test } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import { dial as dialTo, type DialEnd } from '../testing/dial.ts'
import { Silence } from './silence.ts'

const address = '127.1.99.7'
const port = 18_080

const dial = (limitMs: number): Promise<DialEnd> => dialTo(address, port, limitMs)

async function until(how: 'refused' | 'hangs'): Promise<void> {
  while ((await dial(200)) !== how);
}

test('an address refuses until its silence begins, then connects hang, and at its end they are refused again', async () => {
  const silence = new Silence(systemClock, 60_000)
  const silent = silence.prepare(address, [port])
  expect(await dial(200)).toBe('refused')
  silent.begin()
  await until('hangs')
  expect(await Promise.all([dial(400), dial(400), dial(400)])).toEqual(['hangs', 'hangs', 'hangs'])
  silence.end()
  await until('refused')
})

test('a silence ends by itself after its time', async () => {
  const clock = new FakeClock()
  const silence = new Silence(clock, 300)
  silence.prepare(address, [port]).begin()
  await until('hangs')
  clock.advance(299)
  expect(await dial(200)).toBe('hangs')
  clock.advance(1)
  await until('refused')
  silence.end()
})
