/** Reads flags one after the other and remembers every problem: a user mends a command line once, not flag by flag. */
import { UsageError } from './exit-code.ts'

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export class Flags {
  readonly #problems: string[] = []

  /** Throws what was wrong, all of it. What the readers returned before must not be used unless this returns. */
  done(): void {
    if (this.#problems.length > 0) throw new UsageError(this.#problems.join('\n'))
  }

  wrong(what: string, expected: string): void {
    this.#problems.push(`${what}: expected ${expected}`)
  }

  number(flag: string, text: string, least: number, most: number, hint = ''): number {
    const value = Number(text)
    const right = text.trim() !== '' && Number.isFinite(value) && value >= least && value <= most
    if (!right) this.wrong(`${flag} ${text}`, `a number from ${least}${upTo(most)}${hint}`)
    return value
  }

  whole(flag: string, text: string, least: number, most: number): number {
    const value = Number(text)
    const right = text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most
    if (!right) this.wrong(`${flag} ${text}`, `a whole number from ${least} to ${most}`)
    return value
  }

  /** In milliseconds: `500ms`, `10s`, `2m`. */
  duration(flag: string, text: string, mostMs: number, hint = ''): number {
    const [, figure = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
    const ms = Number(figure) * (unitsMs[unit] ?? 0)
    const most = Number.isFinite(mostMs) ? ` of at most ${mostMs / 60_000}m${hint}` : ''
    if (!(ms > 0 && ms <= mostMs)) this.wrong(`${flag} ${text}`, `a duration like 500ms, 10s or 2m${most}`)
    return ms
  }

  choice<T extends string>(flag: string, text: string, names: readonly [T, ...T[]]): T {
    const found = names.find(name => name === text)
    if (found === undefined) this.wrong(`${flag} ${text}`, `one of ${names.join(', ')}`)
    return found ?? names[0]
  }
}

function upTo(most: number): string {
  return Number.isFinite(most) ? ` to ${most}` : ' on'
}
