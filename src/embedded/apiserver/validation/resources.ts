/** What a container asks for and may have at most (validateResourceRequirements of Kubernetes 1.34). */
import type * as kube from '../../../kube/types.ts'
import { quantityMilli } from '../../scheduler/quantity.ts'
import type { Draft } from '../decoding/draft.ts'
import type { Problems } from './problems.ts'

type Amounts = Record<string, string | number | undefined>

export function checkResources(
  problems: Problems,
  at: string,
  resources: Draft<kube.Container>['resources'],
): void {
  const limits: Amounts = resources?.limits ?? {}
  const requests: Amounts = resources?.requests ?? {}
  for (const [name, amount] of Object.entries(limits))
    checkAmount(problems, `${at}.limits[${name}]`, name, amount)
  for (const [name, amount] of Object.entries(requests)) {
    checkAmount(problems, `${at}.requests[${name}]`, name, amount)
    const limit = limits[name]
    const [asked, most] = [quantityMilli(amount), quantityMilli(limit)]
    if (limit === undefined) {
      if (!mayOvercommit(name))
        problems.required(`${at}.limits`, 'Limit must be set for non overcommitable resources')
    } else if (asked !== most && !mayOvercommit(name))
      problems.invalid(`${at}.requests`, String(amount), `must be equal to ${name} limit of ${limit}`)
    else if (asked > most)
      problems.invalid(
        `${at}.requests`,
        String(amount),
        `must be less than or equal to ${name} limit of ${limit}`,
      )
  }
}

function checkAmount(
  problems: Problems,
  field: string,
  name: string,
  amount: string | number | undefined,
): void {
  if (!name.includes('/') && !isStandard(name))
    problems.invalid(field, name, 'must be a standard resource for containers')
  const milli = quantityMilli(amount)
  if (milli < 0) problems.invalid(field, String(amount), 'must be greater than or equal to 0')
  if (!isNative(name) && milli % 1000 !== 0) problems.invalid(field, String(amount), 'must be an integer')
}

function isStandard(name: string): boolean {
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) || isHugePages(name)
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** More than a node has may be promised of it. */
function mayOvercommit(name: string): boolean {
  return isNative(name) && !isHugePages(name)
}
