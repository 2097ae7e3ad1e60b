import { expect, test } from 'vitest'
import { flattenSettings, settingsInForce } from './settings-in-force.ts'
import { onNode } from './settings.ts'

test('an override replaces one setting, or one end of a range, and the report shows what is in force', () => {
  const settings = settingsInForce({ workers: 2, watchFanOutMs: { high: 9 }, proxyRunMs: 30 })
  expect(flattenSettings(settings)).toMatchObject({
    workers: 2,
    'watchFanOutMs.low': 1,
    'watchFanOutMs.high': 9,
    'proxyRunMs.low': 30,
    'proxyRunMs.high': 30,
  })
})

test('a setting that does not exist, or is not a number, is an error', () => {
  expect(() => settingsInForce({ workes: 2 })).toThrow('settings.workes')
  expect(() => settingsInForce({ proxyRunMs: { lo: 2 } })).toThrow('settings.proxyRunMs.lo')
  expect(() => settingsInForce({ workers: '2' })).toThrow('settings.workers')
})

test('what may differ by node is a number for all, or one by name of a node that there is', () => {
  const settings = settingsInForce({ proxyExtraLagMs: { 'worker-1': 400 }, proxyJitterMs: 20 })
  expect(flattenSettings(settings)).toMatchObject({ 'proxyExtraLagMs.worker-1': 400, proxyJitterMs: 20 })
  expect(['worker-1', 'worker-2'].map(node => onNode(settings.proxyExtraLagMs, node))).toEqual([400, 0])
  expect(onNode(settings.proxyJitterMs, 'worker-2')).toBe(20)
  expect(() => settingsInForce({ proxyExtraLagMs: { 'worker-9': 1 } })).toThrow('no such node')
  expect(() => settingsInForce({ proxyExtraLagMs: { 'worker-1': -1 } })).toThrow(
    'settings.proxyExtraLagMs.worker-1',
  )
})
