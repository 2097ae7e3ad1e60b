/** Errors of YAML itself in plain words, by their code: the parser's own texts speak of its grammar. */
import type { YAMLError } from 'yaml'
import type { Advice } from './problems.ts'

export interface YamlErrorText {
  span: readonly [number, number]
  message: string
  advice: Advice
}

export function describeYamlError(error: YAMLError, text: string): YamlErrorText {
  const end = text.trimEnd().length
  // What is still open at the end of the file is shown at its last character, not on the empty line after it.
  if (error.pos[0] >= end) {
    const span = [Math.max(0, end - 1), end] as const
    return { span, message: 'the file ends while a quote or a bracket is still open', advice: {} }
  }
  const from = error.pos[0] + (/^[ ]*/.exec(text.slice(error.pos[0]))?.[0].length ?? 0)
  const length = /^[^\s:]*/.exec(text.slice(from))?.[0].length ?? 0
  return { span: [from, from + length], ...sayWhat(error, text.slice(from, from + length)) }
}

function sayWhat(error: YAMLError, word: string): { message: string; advice: Advice } {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return say(`key \`${word}\` is written twice`, { expected: 'each key once' })
    case 'TAB_AS_INDENT':
      return say('a tab in the indentation', { expected: 'spaces: YAML does not allow tabs there' })
    case 'BLOCK_AS_IMPLICIT_KEY':
      return say('two keys on one line', { suggestion: 'put a text that contains `: ` in quotes' })
    case 'MULTILINE_IMPLICIT_KEY':
      return say('a line that is neither a key nor part of a value', { expected: '`key: value`' })
    case 'BAD_INDENT':
      return say('the indentation does not fit the lines above', {
        expected: 'keys of one section at the same column',
      })
    case 'MISSING_CHAR':
      return say('a quote, bracket, comma or colon is missing here', {})
    case 'BAD_ALIAS':
      return say('an alias without its name', { expected: '`*name` of an anchor `&name` above' })
    case 'BAD_SCALAR_START':
      return say('a plain text cannot begin with this character', { suggestion: 'put the text in quotes' })
    case 'BAD_DQ_ESCAPE':
      return say('an unknown escape in a double-quoted text', {
        suggestion: "write the backslash twice, or use '…'",
      })
    default:
      return say(`not valid YAML: ${firstLine(error.message)}`, {})
  }
}

function say(message: string, advice: Advice): { message: string; advice: Advice } {
  return { message, advice }
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message
}
