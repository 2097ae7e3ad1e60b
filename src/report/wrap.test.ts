import { expect, test } from 'vitest'
import { wrap } from './wrap.ts'

test('a figure stays with its unit', () => {
  expect(wrap('it took 4.2 s to end', 11)).toEqual(['it took', '4.2 s to', 'end'])
})

test('a word longer than the line is cut, and nothing is lost', () => {
  expect(wrap('see web-7d9f5-abcde now', 8)).toEqual(['see', 'web-7d9f', '5-abcde', 'now'])
})
