import { expect, test } from 'vitest'
import type { Channel } from './channel.ts'
import { AnsweredSlots, ConnectionSlots, type SlotSet } from './connection-slots.ts'

/** A connection that stands still in one state. */
const channel = (state: 'idle' | 'full' | 'gone'): Channel => ({
  idle: state === 'idle',
  full: state === 'full',
  send: () => undefined,
  close: () => undefined,
})

const sets: [string, (size: number) => SlotSet][] = [
  ['first in, first out', size => new ConnectionSlots(size)],
  ['where an answer came in', size => new AnsweredSlots(size)],
]

test.each(sets)('a connection that is full keeps its place and is passed over (%s)', (_, setOf) => {
  const slots = setOf(3)
  const [first, second, third] = slots.all
  for (const slot of [first, third]) if (slot !== undefined) slot.channel = channel('full')
  if (second !== undefined) second.channel = channel('gone')
  // One that has ended is opened again in its turn; one that is full would be lost, open and unused.
  expect(slots.take()).toBe(second)
  expect(slots.take()).toBe(null)
  if (third !== undefined) third.channel = channel('idle')
  expect(slots.take()).toBe(third)
  expect(slots.take()).toBe(null)
})

test('connections are used in turn', () => {
  const slots = new ConnectionSlots(2)
  const [first, second] = slots.all
  for (const expected of [first, second, first]) {
    const taken = slots.take()
    expect(taken).toBe(expected)
    if (taken !== null) slots.giveBack(taken)
  }
})
