/**
 * Compares a rendering with its golden file (`.txt`, so that no formatter touches it). `UPDATE_GOLDENS=1` writes the files
 * anew: read the difference before committing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'

export function expectGolden(name: string, rendered: string): void {
  const file = new URL(`./${name}`, import.meta.url)
  if (process.env.UPDATE_GOLDENS === '1') writeFileSync(file, rendered)
  expect(rendered).toBe(readFileSync(file, 'utf8'))
}
