/** What a run is known by, and the numbers that a command line gives it. */
import { randomBytes } from 'node:crypto'
import { UsageError } from './exit-code.ts'

/** Sorts by time, and does not collide when two are started in one second. */
export function newRunId(nowUs: number): string {
  const [date = '', time = ''] = new Date(nowUs / 1000).toISOString().split(/[T.]/)
  return `${date}-${time.replaceAll(':', '')}-${randomBytes(2).toString('hex')}`
}

/** The seed that was given, or a random one. */
export function chosenSeed(option: string, text: string | undefined): number {
  return wholeNumber(option, text, 0, 0xffffffff) ?? randomBytes(4).readUInt32BE()
}

export function wholeNumber(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most || text.trim() === '') {
    throw new UsageError(`${option} ${text}: expected a whole number from ${least} to ${most}`)
  }
  return value
}
