import { expect, test } from 'vitest'
import { counted, duration, figure, percent } from './words.ts'

test('figures are grouped by thousands and keep at most one digit behind the point', () => {
  expect([0, 999, 1000, 1_234_567.89, 0.25, 999.96].map(figure)).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567.9',
    '0.3',
    '1,000',
  ])
})

test('durations are as precise as one can use', () => {
  expect([0, 1.25, 44.9, 999.6, 1000, 3600.5, 150_000].map(duration)).toEqual([
    '0 ms',
    '1.3 ms',
    '45 ms',
    '1.0 s',
    '1.0 s',
    '3.6 s',
    '2.5 min',
  ])
})

test('shares below a tenth keep a digit', () => {
  expect([1, 0.6316, 0.0951, 0.004].map(percent)).toEqual(['100 %', '63 %', '9.5 %', '0.4 %'])
})

test('one is not many', () => {
  expect([counted(1, 'run'), counted(2, 'run'), counted(0, 'run')]).toEqual(['1 run', '2 runs', '0 runs'])
})
