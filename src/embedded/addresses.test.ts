import { expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { Addresses, lockOctet } from './addresses.ts'

test('two clusters never hold the same octet, and a released one is free again', async () => {
  const first = await lockOctet(seededRandom(1))
  const second = await lockOctet(seededRandom(1))
  expect(second.octet).not.toBe(first.octet)
  first.release()
  const third = await lockOctet(seededRandom(1))
  expect(third.octet).toBe(first.octet)
  second.release()
  third.release()
})

test('no pod address is given out twice, also when a node has used up its block', () => {
  const addresses = new Addresses(7, 3)
  const given = [0, 1, 2].flatMap(node => Array.from({ length: 300 }, () => addresses.nextPod(node)))
  expect(new Set(given).size).toBe(900)
  expect(given[0]).toBe('127.7.1.1')
  expect(given[254]).toBe('127.7.4.1')
  expect(addresses.node(2)).toBe('127.7.0.3')
  expect(addresses.nextClusterIP()).toBe('127.7.200.1')
})
