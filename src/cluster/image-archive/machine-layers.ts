/** The layers that images have in common, made of programs of this machine: `node`, and a shell with its few tools. */
import { findCommand, SHELL_TOOLS } from '../images.ts'
import { FileTree } from './file-tree.ts'
import type { ImageDescription } from './image-archive.ts'
import { librariesOf } from './libraries.ts'
import type { TarEntry } from './tar.ts'

export interface Layer {
  entries: TarEntry[]
  /** Where its libraries lie, beyond the places where a loader looks anyway. */
  folders: string[]
}

/** Writable for whoever the container runs as: the app leaves its live file there. */
const WORK_FOLDER = '/work'
const ANYONE = 0o1777

export async function nodeLayer(env: NodeJS.ProcessEnv): Promise<Layer> {
  const tree = new FileTree()
  tree.program('/bin/node', process.execPath)
  tree.folder('/tmp', ANYONE)
  tree.folder(WORK_FOLDER, ANYONE)
  tree.text('/etc/passwd', 'root:x:0:0:root:/work:/bin/sh\nnobody:x:65534:65534:nobody:/work:/bin/sh\n')
  tree.text('/etc/group', 'root:x:0:\nnogroup:x:65534:\n')
  return withLibraries(tree, [process.execPath], env)
}

export async function shellLayer(env: NodeJS.ProcessEnv): Promise<Layer> {
  const tree = new FileTree()
  const files = SHELL_TOOLS.map(name => findCommand(name))
  for (const [index, name] of SHELL_TOOLS.entries()) tree.program(`/bin/${name}`, files[index] ?? name)
  return withLibraries(tree, files, env)
}

export function imageConfig(
  layers: readonly Layer[],
  Entrypoint: string[],
  Cmd: string[],
): ImageDescription['config'] {
  const folders = [...new Set(layers.flatMap(layer => layer.folders))]
  const libraries = folders.length === 0 ? [] : [`LD_LIBRARY_PATH=${folders.join(':')}`]
  return { Env: ['PATH=/bin', ...libraries], Entrypoint, Cmd, WorkingDir: WORK_FOLDER }
}

async function withLibraries(tree: FileTree, files: string[], env: NodeJS.ProcessEnv): Promise<Layer> {
  const libraries = await librariesOf(files, env)
  for (const file of libraries.files) tree.program(file, file)
  return { entries: tree.entries(), folders: libraries.folders }
}
