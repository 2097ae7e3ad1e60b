/** The root file system of an image, put together from files of this machine. */
import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import type { TarEntry } from './tar.ts'

const EXECUTABLE = 0o755
const PLAIN = 0o644

export class FileTree {
  readonly #entries = new Map<string, TarEntry>()

  /** `at` is absolute, as everything here. */
  folder(at: string, mode = EXECUTABLE): void {
    const path = inArchive(at)
    if (path !== '') this.#add(at, { kind: 'folder', path, mode })
  }

  /** A program of this machine; a symbolic link is followed. */
  program(at: string, from: string): void {
    const file = realpathSync(from)
    this.#add(at, {
      kind: 'file',
      path: inArchive(at),
      mode: EXECUTABLE,
      from: file,
      bytes: statSync(file).size,
    })
  }

  text(at: string, text: string | Buffer, mode = PLAIN): void {
    this.#add(at, { kind: 'text', path: inArchive(at), mode, text: Buffer.from(text) })
  }

  link(at: string, to: string): void {
    this.#add(at, { kind: 'link', path: inArchive(at), mode: 0o777, to })
  }

  /** Everything below a folder of this machine. */
  copy(at: string, from: string): void {
    for (const item of readdirSync(from, { withFileTypes: true })) {
      const [source, target] = [path.join(from, item.name), path.posix.join(at, item.name)]
      if (item.isDirectory() && item.name !== 'node_modules') this.copy(target, source)
      if (item.isFile()) this.text(target, readFileSync(source))
    }
  }

  /** In order of their paths, so that a folder comes before what is in it. */
  entries(): TarEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  #add(at: string, entry: TarEntry): void {
    const parent = path.posix.dirname(at)
    if (parent !== '/' && !this.#entries.has(inArchive(parent))) this.folder(parent)
    this.#entries.set(entry.path, entry)
  }
}

function inArchive(at: string): string {
  return at.replace(/^\/+/, '')
}
