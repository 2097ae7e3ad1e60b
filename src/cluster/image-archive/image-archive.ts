/**
 * Images without a registry, a Dockerfile or a running Docker: layers and configurations as a docker-archive, which
 * `docker load`, `kind load image-archive` and `ctr images import` take. The same content gives the same digests, so an
 * image that is there already is known by its tag.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { padding, tarBytes, tarEnd, tarFileHeader, writeTar, type Sink, type TarEntry } from './tar.ts'

export interface ImageDescription {
  /** `name:tag`. */
  name: string
  /** Names in `layers`, the lowest first. */
  layers: string[]
  config: { Env: string[]; Entrypoint: string[]; Cmd: string[]; WorkingDir: string }
}

export interface WrittenImage {
  name: string
  /** A second name, whose tag is made from the content: who has it has this very image. */
  contentName: string
}

/** When everything was made: an image must not change by being made again. */
const CREATED = '1970-01-01T00:00:00Z'
const TAG_DIGITS = 16
const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' }

export async function writeImageArchive(
  file: string,
  layers: Record<string, TarEntry[]>,
  images: readonly ImageDescription[],
): Promise<WrittenImage[]> {
  const handle = await open(file, 'w', 0o644)
  try {
    const sink: Sink = async chunk => {
      if (chunk.length > 0) await handle.writev([chunk])
    }
    const digests = new Map<string, string>()
    for (const [name, entries] of Object.entries(layers))
      digests.set(name, await writeLayer(`${name}.tar`, entries, sink))
    const written: WrittenImage[] = []
    const manifest = []
    for (const image of images) {
      const config = Buffer.from(JSON.stringify(imageConfig(image, digests)))
      const digest = createHash('sha256').update(config).digest('hex')
      await writeText(`${digest}.json`, config, sink)
      const contentName = `${image.name.replace(/:[^:/]*$/, '')}:content-${digest.slice(0, TAG_DIGITS)}`
      written.push({ name: image.name, contentName })
      manifest.push({
        Config: `${digest}.json`,
        RepoTags: [image.name, contentName],
        Layers: image.layers.map(layer => `${layer}.tar`),
      })
    }
    await writeText('manifest.json', Buffer.from(JSON.stringify(manifest)), sink)
    await sink(tarEnd)
    return written
  } finally {
    await handle.close()
  }
}

async function writeLayer(name: string, entries: TarEntry[], sink: Sink): Promise<string> {
  const bytes = tarBytes(entries)
  const hash = createHash('sha256')
  await sink(tarFileHeader(name, bytes))
  await writeTar(entries, chunk => {
    hash.update(chunk)
    return sink(chunk)
  })
  await sink(padding(bytes))
  return hash.digest('hex')
}

async function writeText(name: string, text: Buffer, sink: Sink): Promise<void> {
  await sink(tarFileHeader(name, text.length))
  await sink(text)
  await sink(padding(text.length))
}

function imageConfig({ layers, config }: ImageDescription, digests: ReadonlyMap<string, string>): object {
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    created: CREATED,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(layer => `sha256:${digests.get(layer) ?? ''}`) },
    history: layers.map(layer => ({ created: CREATED, created_by: `rollproof: ${layer}` })),
  }
}
