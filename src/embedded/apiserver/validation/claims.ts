/** PersistentVolumeClaims: what they must ask for, and that what was asked for stays. */
import type { PersistentVolumeClaim } from '../../storage/storage-types.ts'
import { sameJson, without } from '../../store/json.ts'
import type { Draft } from '../decoding/draft.ts'
import type { Problems } from './problems.ts'

const modes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

export function checkClaim(
  problems: Problems,
  claim: Draft<PersistentVolumeClaim>,
  previous: PersistentVolumeClaim | null,
): void {
  checkClaimSpec(problems, 'spec', claim.spec ?? {})
  if (previous === null || problems.list.length > 0) return
  // A real server shows the difference as well.
  if (!sameJson(whatStays(claim, previous), whatStays(previous, previous)))
    problems.forbidden(
      'spec',
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    )
}

export function checkClaimSpec(
  problems: Problems,
  field: string,
  { accessModes = [], resources = {} }: NonNullable<Draft<PersistentVolumeClaim>['spec']>,
): void {
  if (accessModes.length === 0)
    problems.required(`${field}.accessModes`, 'at least 1 access mode is required')
  for (const mode of accessModes) problems.oneOf(`${field}.accessModes`, mode, modes)
  if (resources.requests?.storage === undefined) problems.required(`${field}.resources[storage]`)
}

/** A volume may be named once, and the size of a claim that has one may change. */
function whatStays(claim: Draft<PersistentVolumeClaim>, previous: PersistentVolumeClaim): unknown {
  const spec = without(claim.spec ?? {}, 'volumeAttributesClassName')
  return (previous.spec.volumeName ?? '') === '' ? without(spec, 'volumeName') : without(spec, 'resources')
}
