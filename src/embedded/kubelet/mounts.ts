/**
 * Where a container finds its volumes. There is no mount namespace: its process sees this machine's file system, and a
 * mountPath is not there. So every path in its command, arguments, environment and working directory that is a mountPath,
 * or lies under one, is rewritten to the volume's folder. What a program has built in cannot be rewritten.
 */
import { isAbsolute, join } from 'node:path'
import type { Container } from '../../kube/types.ts'

export interface Mount {
  mountPath: string
  /** Where it really is. */
  folder: string
}

/** The longest mountPath first, so that the innermost mount wins. */
export function mountsOf(container: Container, volumes: ReadonlyMap<string, string>): Mount[] {
  const mounts = (container.volumeMounts ?? []).flatMap(({ name, mountPath, subPath = '' }) => {
    const folder = volumes.get(name)
    return folder === undefined ? [] : [{ mountPath: trimmed(mountPath), folder: join(folder, subPath) }]
  })
  return mounts.sort((a, b) => b.mountPath.length - a.mountPath.length)
}

/**
 * A path stands at the beginning of a text or after one of `= : , ;`, a quote or a space, and ends where a name of the
 * path ends, so that `/cfg` is found in `--file=/cfg/a` and not in `/cfgs` or `/etc/cfg`.
 */
export function rewritePaths(text: string, mounts: readonly Mount[]): string {
  if (mounts.length === 0) return text
  const paths = mounts.map(({ mountPath }) => mountPath.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  const pattern = new RegExp(`(^|[=:,;"'\\s])(${paths})(?=$|[/:,;"'\\s])`, 'g')
  return text.replace(pattern, (_, before: string, path: string) => {
    const mount = mounts.find(({ mountPath }) => mountPath === path)
    return `${before}${mount?.folder ?? path}`
  })
}

export function rewriteEnvironment(
  env: Record<string, string>,
  mounts: readonly Mount[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, rewritePaths(value, mounts)]))
}

/** A working directory under a mount is the volume's; another one is used if this machine has it. */
export function workingDirectory(
  workingDir: string | undefined,
  podFolder: string,
  mounts: readonly Mount[],
): string {
  if (workingDir === undefined || workingDir === '') return podFolder
  const rewritten = rewritePaths(workingDir, mounts)
  if (rewritten !== workingDir) return rewritten
  // As in an image: the folder is there, and it is the pod's own.
  return join(podFolder, 'root', isAbsolute(workingDir) ? workingDir.slice(1) : workingDir)
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}
