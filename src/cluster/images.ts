/**
 * The sample app's images, as the embedded cluster needs them: which commands are inside. The distroless one lacks a
 * shell, `cat` and `sleep`, as real ones do.
 */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { programPath } from '../base/package-root.ts'
import type { ImageContents } from '../model/embedded-cluster.ts'

export const SHELL_TOOLS = ['sh', 'cat', 'sleep'] as const

export function sampleAppImages(): Record<string, ImageContents> {
  const distroless: ImageContents = {
    commands: { node: [process.execPath], 'sample-app': [process.execPath, programPath('sample-app')] },
    entrypoint: ['sample-app'],
    args: ['serve'],
    env: {},
    workingDir: null,
  }
  const tools = Object.fromEntries(SHELL_TOOLS.map(name => [name, [findCommand(name)]]))
  return {
    'rollproof/sample-app:1': { ...distroless, commands: { ...distroless.commands, ...tools } },
    'rollproof/sample-app-distroless:1': distroless,
  }
}

/** Absolute: inside a container the PATH is the image alone. */
export function findCommand(name: string): string {
  for (const folder of (process.env.PATH ?? '/usr/bin:/bin').split(path.delimiter)) {
    const file = path.join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${name} is not on the PATH; the sample app's image needs it`)
}
