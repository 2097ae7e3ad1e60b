/**
 * Tar archives (ustar), the same bytes for the same content: no times, no owners, entries in the order given. Sizes are
 * known beforehand, so that an archive can be written inside another one in one pass.
 */
import { createReadStream } from 'node:fs'

export type TarEntry = { path: string; mode: number } & (
  | { kind: 'folder' }
  | { kind: 'link'; to: string }
  | { kind: 'text'; text: Buffer }
  | { kind: 'file'; from: string; bytes: number }
)

export type Sink = (chunk: Buffer) => Promise<void>

const BLOCK = 512
const CHUNK_BYTES = 1 << 20
const LONGEST_NAME = 100
const LONGEST_PREFIX = 155
const types = { file: '0', link: '2', folder: '5' } as const

export function tarBytes(entries: readonly TarEntry[]): number {
  return entries.reduce((sum, entry) => sum + BLOCK + padded(contentBytes(entry)), 2 * BLOCK)
}

export async function writeTar(entries: readonly TarEntry[], sink: Sink): Promise<void> {
  for (const entry of entries) {
    await sink(tarHeader(entry))
    await writeContent(entry, sink)
  }
  await sink(tarEnd)
}

/** An archive ends with two empty blocks. */
export const tarEnd = Buffer.alloc(2 * BLOCK)

/** For content that the caller writes itself, followed by `padding`. */
export function tarFileHeader(path: string, bytes: number): Buffer {
  return header(path, 0o644, bytes, types.file, '')
}

export function padding(bytes: number): Buffer {
  return Buffer.alloc(padded(bytes) - bytes)
}

async function writeContent(entry: TarEntry, sink: Sink): Promise<void> {
  if (entry.kind === 'text') await sink(entry.text)
  if (entry.kind === 'file') {
    let written = 0
    const stream = createReadStream(entry.from, { highWaterMark: CHUNK_BYTES })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      written += chunk.length
      await sink(chunk)
    }
    if (written !== entry.bytes) throw new Error(`${entry.from} changed while it was read`)
  }
  await sink(padding(contentBytes(entry)))
}

function tarHeader(entry: TarEntry): Buffer {
  const { path, mode } = entry
  switch (entry.kind) {
    case 'folder':
      return header(`${path}/`, mode, 0, types.folder, '')
    case 'link':
      return header(path, mode, 0, types.link, entry.to)
    case 'text':
    case 'file':
      return header(path, mode, contentBytes(entry), types.file, '')
  }
}

function header(path: string, mode: number, bytes: number, type: string, linkTo: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  const [prefix, name] = splitPath(path)
  block.write(name, 0, 'utf8')
  octal(block, 100, 8, mode)
  octal(block, 108, 8, 0)
  octal(block, 116, 8, 0)
  octal(block, 124, 12, bytes)
  octal(block, 136, 12, 0)
  block.fill(' ', 148, 156)
  block.write(type, 156, 'latin1')
  block.write(linkTo, 157, 'utf8')
  block.write('ustar\0' + '00', 257, 'latin1')
  block.write(prefix, 345, 'utf8')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function octal(block: Buffer, at: number, bytes: number, value: number): void {
  block.write(`${value.toString(8).padStart(bytes - 1, '0')}\0`, at, 'latin1')
}

function splitPath(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= LONGEST_NAME) return ['', path]
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)]
    if (Buffer.byteLength(name) <= LONGEST_NAME && Buffer.byteLength(prefix) <= LONGEST_PREFIX && name !== '')
      return [prefix, name]
  }
  throw new Error(`${path} is too long a path for a tar archive`)
}

function contentBytes(entry: TarEntry): number {
  if (entry.kind === 'text') return entry.text.length
  return entry.kind === 'file' ? entry.bytes : 0
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK
}
