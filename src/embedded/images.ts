/**
 * An image is a folder of executables, and that folder is the whole PATH of its containers: a command that the image
 * lacks is missing for real, with the kernel's own ENOENT, which is what decides the distroless cases (semantics §4.6).
 * Each executable is a wrapper that replaces itself by `exec`, so the process that was started is the command itself.
 */
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { matchImage } from '../base/image-name.ts'
import type { ImageContents } from '../model/embedded-cluster.ts'
import { programFile } from './program-file.ts'

export interface Image {
  name: string
  binDirectory: string
  entrypoint: string[]
  args: string[]
  env: Record<string, string>
  workingDir: string | null
}

export class Images {
  readonly #byName = new Map<string, Image>()
  /** What each Node process of a pod loads first (pod-preload/main.ts); a copy, since a build may replace the original. */
  readonly preload: string

  constructor(directory: string, contents: Record<string, ImageContents>) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.preload = join(directory, 'pod-preload.cjs')
    copyFileSync(programFile('pod-preload', '.cjs'), this.preload)
    chmodSync(this.preload, 0o600)
    for (const [name, image] of Object.entries(contents)) {
      const binDirectory = join(directory, folderName(name), 'bin')
      mkdirSync(binDirectory, { recursive: true, mode: 0o700 })
      for (const [command, argv] of Object.entries(image.commands))
        writeExecutable(join(binDirectory, basename(command)), argv)
      const { entrypoint, args, env, workingDir } = image
      this.#byName.set(name, { name, binDirectory, entrypoint, args, env, workingDir })
    }
  }

  find(name: string): Image | null {
    const key = matchImage(name, this.#byName.keys())
    return key === null ? null : (this.#byName.get(key) ?? null)
  }
}

/** Where a command of the image would be, whether it exists or not; `/bin/sleep` is the image's `sleep`. */
export function executablePath(image: Image, command: string): string {
  return join(image.binDirectory, basename(command))
}

function writeExecutable(file: string, argv: readonly string[]): void {
  if (argv.length === 0) throw new Error('an image has a command with an empty argv')
  writeFileSync(file, `#!/bin/sh\nexec ${argv.map(quote).join(' ')} "$@"\n`)
  chmodSync(file, 0o700)
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** Distinct for distinct names: what is not a plain character is written as its code. */
function folderName(image: string): string {
  return image.replace(/[^A-Za-z0-9.-]/g, character => `_${character.charCodeAt(0).toString(16)}`)
}
