/**
 * An image is a folder of executables, and that folder is the whole PATH of its containers: a command that the image
 * lacks is missing for real, with the kernel's own ENOENT, which is what decides the distroless cases (semantics §4.6).
 * Each executable is a wrapper that replaces itself by `exec`, so the process that was started is the command itself.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ImageContents } from '../model/embedded-cluster.ts'

export interface Image {
  name: string
  binDirectory: string
  entrypoint: string[]
  env: Record<string, string>
}

export class Images {
  readonly #byName = new Map<string, Image>()

  constructor(directory: string, contents: Record<string, ImageContents>) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const preload = join(directory, 'pid-one.cjs')
    writeFileSync(preload, pidOnePreload, { mode: 0o600 })
    for (const [name, image] of Object.entries(contents)) {
      const binDirectory = join(directory, folderName(name), 'bin')
      mkdirSync(binDirectory, { recursive: true, mode: 0o700 })
      for (const [command, argv] of Object.entries(image.commands))
        writeExecutable(join(binDirectory, basename(command)), asPidOne(argv, preload))
      this.#byName.set(name, { name, binDirectory, entrypoint: image.entrypoint, env: image.env })
    }
  }

  find(name: string): Image | null {
    return this.#byName.get(name) ?? null
  }
}

/** Where a command of the image would be, whether it exists or not; `/bin/sleep` is the image's `sleep`. */
export function executablePath(image: Image, command: string): string {
  return join(image.binDirectory, basename(command))
}

/**
 * Node itself catches SIGTERM in C, only to restore the terminal and raise it again with the default action. As PID 1 the
 * second one is ignored by the kernel; here it would kill. Adding and removing a listener once puts the default action
 * in place, so that /proc tells afterwards whether the program has a handler of its own.
 */
const pidOnePreload = `'use strict'
const listener = () => {}
process.on('SIGTERM', listener)
process.removeListener('SIGTERM', listener)
`

function asPidOne(argv: readonly string[], preload: string): string[] {
  const [program, ...rest] = argv
  if (program === undefined) throw new Error('an image has a command with an empty argv')
  return /^node(js)?$/.test(basename(program)) || program === process.execPath
    ? [program, '--require', preload, ...rest]
    : [program, ...rest]
}

function writeExecutable(file: string, argv: readonly string[]): void {
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
