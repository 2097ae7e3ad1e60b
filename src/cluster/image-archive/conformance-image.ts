/**
 * The conformance suite's image: a shell, and its small server under the name `web`. A program for scripts:
 * `conformance-image.js <archive> <name:tag> <server>`.
 */
import { readFileSync } from 'node:fs'
import { FileTree } from './file-tree.ts'
import { writeImageArchive } from './image-archive.ts'
import { imageConfig, nodeLayer, shellLayer } from './machine-layers.ts'

const [archive = '', name = '', server = ''] = process.argv.slice(2)
const [node, shell] = await Promise.all([nodeLayer(process.env), shellLayer(process.env)])
const tree = new FileTree()
tree.text('/app/web.mjs', `#!/bin/node\n${readFileSync(server, 'utf8')}`, 0o755)
tree.link('/bin/web', '/app/web.mjs')
const layers = { node: node.entries, shell: shell.entries, web: tree.entries() }
await writeImageArchive(archive, layers, [
  { name, layers: Object.keys(layers), config: imageConfig([node, shell], ['web'], []) },
])
