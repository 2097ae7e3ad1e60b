/** The storage of the embedded cluster: its default class, and a provisioner that is a program of its own. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { ClusterApi } from '../cluster-api.ts'
import { runController } from '../controllers/controller.ts'
import { makeInformers } from '../controllers/informers.ts'
import type { Settings } from '../settings.ts'
import { defaultStorageClass, localPathProvisioner } from './local-path-provisioner.ts'
import { isVolumeFolder, volumesFolderOf } from './volume-folders.ts'

export interface StorageOptions {
  api: ClusterApi
  clock: Clock
  settings: Settings
  random: Random
  /** The cluster's own; volumes go with it. */
  directory: string
}

export function startStorage({ api, clock, settings, random, directory }: StorageOptions): { stop(): void } {
  api.create('storageclasses', defaultStorageClass)
  const folder = volumesFolderOf(directory)
  const informers = makeInformers(api, ['persistentvolumeclaims', 'persistentvolumes'])
  const provisioner = localPathProvisioner(
    { api, clock, settings, informers },
    {
      pathOf: (volume, { metadata }) =>
        join(folder, `${volume}_${metadata.namespace ?? ''}_${metadata.name}`),
      remove(path) {
        if (isVolumeFolder(folder, path)) rmSync(path, { recursive: true, force: true })
      },
    },
    random,
  )
  const stops = [informers.start(), runController(provisioner, { clock, settings, random })]
  return { stop: () => stops.reverse().forEach(stop => stop()) }
}
