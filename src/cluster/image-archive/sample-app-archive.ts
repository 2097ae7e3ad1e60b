/**
 * The sample app's two images out of what runs here: this very `node`, the libraries it needs and the bundled programs.
 * The load driver is in them too, since on a real cluster it runs from the same image. One has a shell, `cat` and `sleep`;
 * the other, distroless, has nothing but `node` and the programs.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot, packageVersion } from '../../base/package-root.ts'
import { FileTree } from './file-tree.ts'
import { writeImageArchive, type WrittenImage } from './image-archive.ts'
import { imageConfig, nodeLayer, shellLayer } from './machine-layers.ts'
import { programParts } from './program-parts.ts'
import type { TarEntry } from './tar.ts'

/** Commands of both images, by the program they are. `rollproof-load` takes a plan on its standard input. */
const programs = { 'sample-app': 'sample-app', 'rollproof-load': 'load' } as const

export async function writeSampleAppArchive(file: string, env: NodeJS.ProcessEnv): Promise<WrittenImage[]> {
  const node = await nodeLayer(env)
  const shell = await shellLayer(env)
  const app = appLayer()
  const config = imageConfig([node, shell], ['sample-app'], ['serve'])
  return writeImageArchive(file, { node: node.entries, app, shell: shell.entries }, [
    { name: 'rollproof/sample-app:1', layers: ['node', 'app', 'shell'], config },
    { name: 'rollproof/sample-app-distroless:1', layers: ['node', 'app'], config },
  ])
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
