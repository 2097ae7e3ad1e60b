/**
 * The sample app's two images out of what runs here: this very `node`, the libraries it needs and the bundled programs.
 * The load driver is in them too, since on a real cluster it runs from the same image. One has a shell, `cat` and `sleep`;
 * the other, distroless, has nothing but `node` and the programs.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot, packageVersion } from '../../base/package-root.ts'
import { findCommand, SHELL_TOOLS } from '../images.ts'
import { FileTree } from './file-tree.ts'
import { writeImageArchive, type ImageDescription, type WrittenImage } from './image-archive.ts'
import { librariesOf } from './libraries.ts'
import { programParts } from './program-parts.ts'
import type { TarEntry } from './tar.ts'

/** Commands of both images, by the program they are. `rollproof-load` takes a plan on its standard input. */
const programs = { 'sample-app': 'sample-app', 'rollproof-load': 'load' } as const

const ANYONE = 0o1777
/** Writable for whoever the container runs as: the app leaves its live file there. */
const WORK_FOLDER = '/work'

export async function writeSampleAppArchive(file: string, env: NodeJS.ProcessEnv): Promise<WrittenImage[]> {
  const node = await nodeLayer(env)
  const shell = await shellLayer(env)
  const app = appLayer()
  const folders = [...new Set([...node.folders, ...shell.folders])]
  const config: ImageDescription['config'] = {
    Env: ['PATH=/bin', ...(folders.length === 0 ? [] : [`LD_LIBRARY_PATH=${folders.join(':')}`])],
    Entrypoint: ['sample-app'],
    Cmd: ['serve'],
    WorkingDir: WORK_FOLDER,
  }
  return writeImageArchive(file, { node: node.entries, app, shell: shell.entries }, [
    { name: 'rollproof/sample-app:1', layers: ['node', 'app', 'shell'], config },
    { name: 'rollproof/sample-app-distroless:1', layers: ['node', 'app'], config },
  ])
}

interface Layer {
  entries: TarEntry[]
  folders: string[]
}

async function nodeLayer(env: NodeJS.ProcessEnv): Promise<Layer> {
  const tree = new FileTree()
  tree.program('/bin/node', process.execPath)
  tree.folder('/tmp', ANYONE)
  tree.folder(WORK_FOLDER, ANYONE)
  tree.text('/etc/passwd', 'root:x:0:0:root:/work:/bin/sh\nnobody:x:65534:65534:nobody:/work:/bin/sh\n')
  tree.text('/etc/group', 'root:x:0:\nnogroup:x:65534:\n')
  return withLibraries(tree, [process.execPath], env)
}

async function shellLayer(env: NodeJS.ProcessEnv): Promise<Layer> {
  const tree = new FileTree()
  const files = SHELL_TOOLS.map(name => findCommand(name))
  for (const [index, name] of SHELL_TOOLS.entries()) tree.program(`/bin/${name}`, files[index] ?? name)
  return withLibraries(tree, files, env)
}

async function withLibraries(tree: FileTree, files: string[], env: NodeJS.ProcessEnv): Promise<Layer> {
  const libraries = await librariesOf(files, env)
  for (const file of libraries.files) tree.program(file, file)
  return { entries: tree.entries(), folders: libraries.folders }
}

function appLayer(): TarEntry[] {
  const tree = new FileTree()
  const dist = path.join(packageRoot(), 'dist')
  tree.text(
    '/app/package.json',
    `${JSON.stringify({ name: 'rollproof', version: packageVersion(), type: 'module' })}\n`,
  )
  for (const [command, program] of Object.entries(programs)) {
    const { files, packages } = programParts(program)
    for (const file of files) {
      const main = file === `${program}.js`
      const text = readFileSync(path.join(dist, file), 'utf8')
      tree.text(`/app/${file}`, main ? `#!/bin/node\n${text}` : text, main ? 0o755 : 0o644)
    }
    for (const { name, folder } of packages) tree.copy(`/app/node_modules/${name}`, folder)
    tree.link(`/bin/${command}`, `/app/${program}.js`)
  }
  return tree.entries()
}
