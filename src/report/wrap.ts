/** Line breaking for terminals: at spaces, never between a figure and its unit, and within a word only if it must. */
const beforeUnit = /(?<=\d) (?=(?:µs|ms|s|min|%)(?:\W|$))/g
const glue = '\u00a0'

export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text
    .replaceAll(beforeUnit, glue)
    .split(/ +/)
    .flatMap(long => cut(long, width))) {
    if (line !== '' && lengthOf(line) + 1 + lengthOf(word) > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map(each => each.replaceAll(glue, ' '))
}

/** Wraps behind a mark: further lines are indented to where the text began. */
export function wrapBehind(mark: string, text: string, width: number): string[] {
  const indent = ' '.repeat(lengthOf(mark))
  return wrap(text, Math.max(8, width - lengthOf(mark))).map(
    (line, index) => (index === 0 ? mark : indent) + line,
  )
}

export function lengthOf(text: string): number {
  return Array.from(text).length
}

/** Shortened to `width`, with the sign that something is missing. */
export function truncate(text: string, width: number, ellipsis: string): string {
  const marks = Array.from(text)
  if (marks.length <= width) return text
  return marks.slice(0, Math.max(0, width - lengthOf(ellipsis))).join('') + ellipsis
}

function cut(word: string, width: number): string[] {
  const marks = Array.from(word)
  const pieces: string[] = []
  for (let from = 0; from === 0 || from < marks.length; from += width) {
    pieces.push(marks.slice(from, from + width).join(''))
  }
  return pieces
}
