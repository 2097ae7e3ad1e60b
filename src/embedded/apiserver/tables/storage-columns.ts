/** The cells of claims, volumes and their classes. */
import type { KubeObject } from '../../../kube/types.ts'
import { defaultClassAnnotation } from '../../storage/storage-types.ts'
import { ageColumn, column, nameColumn, wide, type Column } from './column.ts'
import { field, listAt, orElse, textAt } from './texts.ts'

export const storageColumns: Record<string, Column[]> = {
  persistentvolumeclaims: [
    nameColumn,
    column('Status', phase),
    column('Volume', claim => textAt(claim, 'spec', 'volumeName')),
    column('Capacity', claim => ifBound(claim, textAt(claim, 'status', 'capacity', 'storage'))),
    column('Access Modes', claim => ifBound(claim, accessModes(claim, 'status'))),
    column('StorageClass', claim => textAt(claim, 'spec', 'storageClassName')),
    column('VolumeAttributesClass', attributesClass),
    ageColumn,
    wide('VolumeMode', volumeMode),
  ],
  persistentvolumes: [
    nameColumn,
    column('Capacity', volume => textAt(volume, 'spec', 'capacity', 'storage')),
    column('Access Modes', volume => accessModes(volume, 'spec')),
    column('Reclaim Policy', volume => textAt(volume, 'spec', 'persistentVolumeReclaimPolicy')),
    column('Status', phase),
    column('Claim', claimOf),
    column('StorageClass', volume => textAt(volume, 'spec', 'storageClassName')),
    column('VolumeAttributesClass', attributesClass),
    column('Reason', volume => textAt(volume, 'status', 'reason')),
    ageColumn,
    wide('VolumeMode', volumeMode),
  ],
  storageclasses: [
    column('Name', className),
    column('Provisioner', storageClass => textAt(storageClass, 'provisioner')),
    column('ReclaimPolicy', storageClass => textAt(storageClass, 'reclaimPolicy')),
    column('VolumeBindingMode', storageClass => textAt(storageClass, 'volumeBindingMode')),
    column(
      'AllowVolumeExpansion',
      storageClass => field(storageClass, 'allowVolumeExpansion') === true,
      0,
      'boolean',
    ),
    ageColumn,
  ],
}

function phase(object: KubeObject): string {
  return object.metadata.deletionTimestamp === undefined ? textAt(object, 'status', 'phase') : 'Terminating'
}

function attributesClass(object: KubeObject): string {
  return orElse(textAt(object, 'spec', 'volumeAttributesClassName'), '<unset>')
}

function volumeMode(object: KubeObject): string {
  return orElse(textAt(object, 'spec', 'volumeMode'), '<unset>')
}

function claimOf(volume: KubeObject): string {
  const name = textAt(volume, 'spec', 'claimRef', 'name')
  return name === '' ? '' : `${textAt(volume, 'spec', 'claimRef', 'namespace')}/${name}`
}

function className({ metadata }: KubeObject): string {
  return metadata.annotations?.[defaultClassAnnotation] === 'true'
    ? `${metadata.name} (default)`
    : metadata.name
}

const shortModes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

function accessModes(object: KubeObject, part: 'spec' | 'status'): string {
  const modes = new Set(listAt(object, part, 'accessModes').map(String))
  return Object.entries(shortModes)
    .filter(([mode]) => modes.has(mode))
    .map(([, short]) => short)
    .join(',')
}

function ifBound(claim: KubeObject, text: string): string {
  return textAt(claim, 'spec', 'volumeName') === '' ? '' : text
}
