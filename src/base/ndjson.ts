/** Newline-delimited JSON: the format of every stream and of every recorded file. */

/** Feeds chunks in, gets whole lines out. The unfinished rest is kept until its newline comes. */
export class LineSplitter {
  #rest = ''
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  push(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') this.#onLine(line)
  }

  /** What came after the last newline: '' when the stream ended cleanly. */
  get rest(): string {
    return this.#rest
  }
}

export function toLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
