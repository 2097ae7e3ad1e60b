/** Brings the sample app's images onto every node. A node that has this very content already is left alone. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { writeSampleAppArchive } from '../image-archive/sample-app-archive.ts'
import type { WrittenImage } from '../image-archive/image-archive.ts'
import { lastWords, type Tool } from './tools.ts'

export interface LoadPlan {
  tool: Tool
  env: NodeJS.ProcessEnv
  name: string
  nodes: readonly string[]
  /** The user's own, by the names in the manifests. */
  own: readonly string[]
  signal: AbortSignal
  say: (text: string) => void
}

const LOAD_LIMIT_MS = 300_000

export async function loadImages(plan: LoadPlan): Promise<void> {
  const { tool, env, name, nodes, signal, say } = plan
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rollproof-image-'))
  try {
    const archive = path.join(folder, 'sample-app.tar')
    const images = await writeSampleAppArchive(archive, env)
    const lacking = await nodesWithout(tool, nodes, images)
    if (lacking.length === 0) return
    say(`kind: loading the sample app's images onto ${lacking.join(', ')}`)
    const args = ['load', 'image-archive', archive, '--name', name, '--nodes', lacking.join(',')]
    const end = await tool('kind', args, { signal, limitMs: LOAD_LIMIT_MS })
    if (end.exitCode !== 0 && !signal.aborted)
      throw new Error(`the sample app's images could not be loaded: ${lastWords(end)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Images that Docker here has are brought onto the nodes; kind leaves alone what is there already. Any other is for the
 * nodes to pull, as on every cluster.
 */
export async function loadOwnImages({ tool, name, own, signal, say }: LoadPlan): Promise<void> {
  for (const image of own) {
    const here = await tool('docker', ['image', 'inspect', image])
    if (here.exitCode !== 0) {
      say(`kind: ${image} is not among this machine's images: the nodes must pull it`)
      continue
    }
    say(`kind: loading ${image}`)
    const end = await tool('kind', ['load', 'docker-image', image, '--name', name], {
      signal,
      limitMs: LOAD_LIMIT_MS,
    })
    if (end.exitCode !== 0 && !signal.aborted)
      throw new Error(`the image ${image} could not be loaded: ${lastWords(end)}`)
  }
}

/** By the digests in the node's own store: both names of an image must lead to the same one. */
async function nodesWithout(
  tool: Tool,
  nodes: readonly string[],
  images: readonly WrittenImage[],
): Promise<string[]> {
  const has = await Promise.all(
    nodes.map(async node => {
      const end = await tool('docker', ['exec', node, 'ctr', '--namespace', 'k8s.io', 'images', 'list'])
      const digests = new Map(end.stdout.split('\n').map(line => nameAndDigest(line)))
      return images.every(({ name, contentName }) => {
        const digest = digests.get(`docker.io/${contentName}`)
        return digest !== undefined && digests.get(`docker.io/${name}`) === digest
      })
    }),
  )
  return nodes.filter((_, index) => has[index] !== true)
}

/** REF TYPE DIGEST SIZE … */
function nameAndDigest(line: string): [name: string, digest: string] {
  const [name = '', , digest = ''] = line.split(/\s+/)
  return [name, digest]
}
