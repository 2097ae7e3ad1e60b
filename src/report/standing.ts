/**
 * How a run stands to its declaration. The verdict alone does not say: requests may have failed (verdict `failed`) in a
 * run whose driver was late, and then nobody knows whether the scenario's declaration holds.
 */
import type { Analysis } from '../analysis/analysis.ts'

/** `unmeasured`: nothing that was measured contradicts the declaration, and nothing confirms it. */
export type Standing = 'as-declared' | 'differs' | 'unmeasured'

export function standingOf(analysis: Analysis): Standing {
  const { verdict, asDeclared, findings, causes } = analysis
  if (asDeclared) return 'as-declared'
  if (verdict === 'inconclusive') return 'unmeasured'
  if (findings.some(finding => finding.severity === 'not-as-declared')) return 'differs'
  if (findings.some(finding => finding.severity === 'inconclusive')) return 'unmeasured'
  // What the harness itself broke says nothing about the configuration; what nobody can explain might.
  const lost = new Set(causes.filter(({ count }) => count > 0).map(({ cause }) => cause))
  return lost.has('harness') && !lost.has('unexplained') ? 'unmeasured' : 'differs'
}
