/** Which taints a pod tolerates. Used by the scheduler's filters and by taint eviction. */
import type { Node, Toleration } from '../../../kube/types.ts'

export type Taint = NonNullable<Node['spec']['taints']>[number]

export function tolerates(
  { key = '', operator = 'Equal', value = '', effect = '' }: Toleration,
  taint: Taint,
): boolean {
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  if (operator === 'Exists') return true
  return key !== '' && value === (taint.value ?? '')
}
