/** What the cluster consists of: one control plane and three workers, or what the user's own file says. */
import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import type { KindProblem } from './problem.ts'

/** The version of Kubernetes that rollproof is measured against. */
export const DEFAULT_NODE_IMAGE = 'kindest/node:v1.34.4'
const WORKERS = 3
/** One to drain, one for its pods to go to. */
const LEAST_WORKERS = 2

export interface KindShape {
  /** The text of kind's configuration. */
  text: string
  nodes: number
  workers: number
  /** Every image that a node is made from. */
  images: string[]
  /** For `--image`; null when the file names the images itself. */
  image: string | null
}

interface ConfigNode {
  role?: unknown
  image?: unknown
}

export function defaultShape(image: string | null): KindShape {
  const nodes = [{ role: 'control-plane' }, ...Array.from({ length: WORKERS }, () => ({ role: 'worker' }))]
  const config = { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes }
  const chosen = image ?? DEFAULT_NODE_IMAGE
  return {
    text: `${JSON.stringify(config, null, 2)}\n`,
    nodes: nodes.length,
    workers: WORKERS,
    images: [chosen],
    image: chosen,
  }
}

/** `image` (of the command line) wins over those in the file, as it does with kind. */
export function readShape(file: string, image: string | null): KindShape | KindProblem {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    return asked(`--kind-config ${file}: ${code === 'ENOENT' ? 'no such file' : code}`)
  }
  const document = parseDocument(text)
  const [error] = document.errors
  if (error !== undefined) return asked(`--kind-config ${file}: ${error.message}`)
  const config = (document.toJS() ?? {}) as { kind?: unknown; nodes?: unknown }
  if (config.kind !== 'Cluster')
    return asked(`--kind-config ${file}: expected kind's own configuration, with \`kind: Cluster\``)
  const nodes = (Array.isArray(config.nodes) ? config.nodes : []) as ConfigNode[]
  const workers = nodes.filter(({ role }) => role === 'worker').length
  if (workers < LEAST_WORKERS) {
    const there = `--kind-config ${file}: ${workers} of its nodes ${workers === 1 ? 'is a worker' : 'are workers'}`
    return asked(
      `${there}; a drain needs ${LEAST_WORKERS} or more (\`nodes: [{ role: control-plane }, { role: worker }, …]\`)`,
    )
  }
  const named = nodes.map(node => (typeof node.image === 'string' ? node.image : null))
  const needsImage = image !== null || named.includes(null)
  const chosen = needsImage ? (image ?? DEFAULT_NODE_IMAGE) : null
  const images = image === null ? named.map(each => each ?? DEFAULT_NODE_IMAGE) : [image]
  // kind's `--image` is for every node, so a file that names some images itself is left to itself.
  const some = image === null && named.some(each => each !== null)
  return { text, nodes: nodes.length, workers, images: [...new Set(images)], image: some ? null : chosen }
}

export function isShape(answer: KindShape | KindProblem): answer is KindShape {
  return 'text' in answer
}

function asked(message: string): KindProblem {
  return { fault: 'asked', message }
}
