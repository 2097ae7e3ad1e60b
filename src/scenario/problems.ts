/**
 * What is wrong with a file that somebody wrote, and how that is shown. A problem carries the line it is about, so that
 * formatting needs no file; all problems of a file are shown at once, because fixing them one by one is a nuisance.
 */
export interface Problem {
  file: string
  /** From 1. */
  line: number
  /** From 1, in characters. */
  column: number
  /** How many characters the caret underlines, at least 1. */
  length: number
  sourceLine: string
  message: string
  /** What would be right there; null where the message says it all. */
  expected: string | null
  /** A sentence that proposes a remedy. */
  suggestion: string | null
}

/** The two parts of a problem that may be missing. */
export interface Advice {
  expected?: string | null
  suggestion?: string | null
}

/** All problems, each with its source line and a caret, and a last line that counts them. */
export function formatProblems(problems: readonly Problem[]): string {
  const files = [...new Set(problems.map(problem => problem.file))]
  const where = files.length === 1 ? (files[0] ?? '') : `${files.length} files`
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return [...problems.map(formatProblem), `${count} in ${where}\n`].join('\n')
}

function formatProblem(problem: Problem): string {
  const number = String(problem.line)
  const gutter = ' '.repeat(number.length)
  // Tabs are kept in the indent, so that the caret stands under its text however wide a tab is shown.
  const indent = problem.sourceLine.slice(0, problem.column - 1).replace(/[^\t]/g, ' ')
  const lines = [
    `${problem.file}:${number}:${problem.column}: ${problem.message}`,
    `  ${number} | ${problem.sourceLine}`,
    `  ${gutter} | ${indent}${'^'.repeat(problem.length)}`,
  ]
  if (problem.expected !== null) lines.push(`  ${gutter} = expected ${problem.expected}`)
  if (problem.suggestion !== null) lines.push(`  ${gutter} = ${problem.suggestion}`)
  return `${lines.join('\n')}\n`
}

/** In the order of the file. */
export function byPosition(a: Problem, b: Problem): number {
  return a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column
}
