import { expect, test } from 'vitest'
import { flattenSettings, settingsInForce } from './settings-in-force.ts'

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
