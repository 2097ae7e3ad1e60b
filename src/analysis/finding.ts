/** Findings, by what they do to the verdict. */
import type { Finding, FindingCode } from './analysis.ts'

export function inconclusive(code: FindingCode, message: string, remedy: string): Finding {
  return { code, severity: 'inconclusive', message, remedy }
}

export function notAsDeclared(code: FindingCode, message: string, remedy: string): Finding {
  return { code, severity: 'not-as-declared', message, remedy }
}

export function note(code: FindingCode, message: string, remedy: string): Finding {
  return { code, severity: 'note', message, remedy }
}
