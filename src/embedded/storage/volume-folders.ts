/** Where volumes lie. A PersistentVolume is a user's to write, so a path in it is believed only if it lies there. */
import { join, relative, sep } from 'node:path'

/** `directory`: the cluster's own; volumes go with it. */
export function volumesFolderOf(directory: string): string {
  return join(directory, 'volumes')
}

/** Whether the path is that of one volume: a folder right below the one that holds them all. */
export function isVolumeFolder(volumesFolder: string, path: string): boolean {
  const way = relative(volumesFolder, path)
  return way !== '' && way !== '..' && !way.includes(sep)
}
