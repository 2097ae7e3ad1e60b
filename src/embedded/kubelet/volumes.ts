/**
 * The volumes of one pod as folders: each is made in the pod's own folder before its sandbox, and goes with the pod; a
 * claim's folder lives as long as the claim. Updates of a ConfigMap or Secret are not followed.
 *
 * A volume that cannot be made keeps the pod from starting; the messages are Kubernetes's own.
 */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { KeyToPath, KubeObject, Pod, Volume, VolumeProjection } from '../../kube/types.ts'
import { tokenVolumePrefix } from '../token-volume.ts'
import { downwardFile, type DownwardInput } from './downward.ts'

export interface VolumeSources extends DownwardInput {
  pod: Pod
  /** The pod's own folder, 0700. */
  folder: string
  find: (kind: 'ConfigMap' | 'Secret', name: string) => KubeObject | null
  /** The folder of a claim of the pod's namespace; throws ClaimError. */
  claimFolder: (claim: string) => string
}

/** Why a claim's volume cannot be had. */
export class ClaimError extends Error {
  override name = 'ClaimError'
}

/** Names the volume, as the event does. */
export class VolumeError extends Error {
  override name = 'VolumeError'
}

const defaultMode = 0o644

/** The folder of each volume, made anew where its content comes from the API. */
export function makeVolumes(sources: VolumeSources): Map<string, string> {
  const folders = new Map<string, string>()
  for (const volume of sources.pod.spec.volumes ?? [])
    // A token that nobody here would accept: every pod has it, and none has to pay for it.
    if (!volume.name.startsWith(tokenVolumePrefix)) folders.set(volume.name, makeVolume(volume, sources))
  return folders
}

function makeVolume(volume: Volume, sources: VolumeSources): string {
  if (volume.persistentVolumeClaim !== undefined) return claim(volume, sources)
  const folder = join(sources.folder, 'volumes', volume.name)
  const failed = (why: string): VolumeError =>
    new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${why}`)
  if (volume.hostPath !== undefined)
    throw failed(
      `hostPath ${volume.hostPath.path} is not given to pods of this cluster: they share this machine`,
    )
  const projections = projectionsOf(volume)
  if (projections === null && volume.emptyDir === undefined) {
    const source = Object.keys(volume).find(key => key !== 'name') ?? 'none'
    throw failed(`volumes of type ${source} are not supported by this cluster`)
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (projections === null) return folder
  const files = new Map<string, { content: Buffer; mode: number }>()
  try {
    for (const projection of projections.sources)
      for (const [path, file] of filesOf(projection, projections.mode, sources)) files.set(path, file)
  } catch (error) {
    if (error instanceof Missing) throw failed(error.message)
    throw error
  }
  for (const [path, { content, mode }] of files) writeFile(folder, path, content, mode)
  return folder
}

class Missing extends Error {
  override name = 'Missing'
}

function claim(volume: Volume, { pod, claimFolder }: VolumeSources): string {
  const name = volume.persistentVolumeClaim?.claimName ?? ''
  try {
    const folder = claimFolder(name)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch (error) {
    if (!(error instanceof ClaimError)) throw error
    const which = `[${volume.name}]`
    throw new VolumeError(
      `Unable to attach or mount volumes: unmounted volumes=${which}, unattached volumes=[], failed to process volumes=${which}: ` +
        `error processing PVC ${pod.metadata.namespace ?? ''}/${name}: ${error.message}`,
    )
  }
}

function projectionsOf(volume: Volume): { sources: VolumeProjection[]; mode: number } | null {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap !== undefined) return { sources: [{ configMap }], mode: configMap.defaultMode ?? defaultMode }
  if (secret !== undefined) {
    const { secretName = '', ...rest } = secret
    return { sources: [{ secret: { ...rest, name: secretName } }], mode: secret.defaultMode ?? defaultMode }
  }
  if (downwardAPI !== undefined)
    return { sources: [{ downwardAPI }], mode: downwardAPI.defaultMode ?? defaultMode }
  return projected === undefined
    ? null
    : { sources: projected.sources ?? [], mode: projected.defaultMode ?? defaultMode }
}

type Files = [path: string, file: { content: Buffer; mode: number }][]

function filesOf(projection: VolumeProjection, mode: number, sources: VolumeSources): Files {
  const { configMap, secret, downwardAPI } = projection
  if (configMap !== undefined) return keyFiles('ConfigMap', configMap, mode, sources)
  if (secret !== undefined) return keyFiles('Secret', secret, mode, sources)
  if (downwardAPI !== undefined)
    return (downwardAPI.items ?? []).map(item => [
      item.path,
      { content: Buffer.from(downwardFile(item, sources)), mode: item.mode ?? mode },
    ])
  // A service account's token: nobody here would accept it.
  return []
}

function keyFiles(
  kind: 'ConfigMap' | 'Secret',
  source: { name?: string; items?: KeyToPath[]; optional?: boolean },
  mode: number,
  { find }: VolumeSources,
): Files {
  const { name = '', items, optional = false } = source
  const object = find(kind, name)
  if (object === null && !optional) throw new Missing(`${kind.toLowerCase()} "${name}" not found`)
  const values = object === null ? {} : bytesOf(kind, object)
  if (items === undefined || items.length === 0)
    return Object.entries(values).map(([key, content]) => [key, { content, mode }])
  return items.flatMap((item): Files => {
    const content = values[item.key]
    if (content !== undefined) return [[item.path, { content, mode: item.mode ?? mode }]]
    if (optional) return []
    const what =
      kind === 'ConfigMap'
        ? 'configmap references non-existent config key'
        : 'references non-existent secret key'
    throw new Missing(`${what}: ${item.key}`)
  })
}

interface Keys {
  data?: Record<string, string>
  binaryData?: Record<string, string>
}

function bytesOf(kind: 'ConfigMap' | 'Secret', object: KubeObject): Record<string, Buffer> {
  const { data = {}, binaryData = {} } = object as KubeObject & Keys
  const decode = (values: Record<string, string>, encoding: 'utf8' | 'base64'): [string, Buffer][] =>
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value, encoding)])
  if (kind === 'Secret') return Object.fromEntries(decode(data, 'base64'))
  return Object.fromEntries([...decode(data, 'utf8'), ...decode(binaryData, 'base64')])
}

/** A path that leads out of the volume is refused by Kubernetes's validation; here it must not write elsewhere either. */
function writeFile(folder: string, path: string, content: Buffer, mode: number): void {
  const file = join(folder, path)
  if (relative(folder, file).startsWith('..'))
    throw new VolumeError(`volume path "${path}" must not contain ".."`)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // A read-only file of an earlier attempt cannot be written over.
  if (existsSync(file)) rmSync(file)
  writeFileSync(file, content, { mode: 0o600 })
  chmodSync(file, (mode & 0o777) | 0o400)
}
