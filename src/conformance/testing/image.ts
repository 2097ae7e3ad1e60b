/**
 * The image that the suite's pods run, and what the suite asks of it: the commands `sh`, `sleep`, `cat` and `web`, a small
 * HTTP server that takes `-addr HOST:PORT`, answers every path with 200 and stops at SIGTERM after `-grace DURATION`.
 * A real cluster has such an image under the name (scripts/conformance-image.mjs makes one); the embedded cluster gets
 * the same name with commands of this machine.
 */
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { present } from '../../base/assert.ts'
import type { ImageContents } from '../../model/embedded-cluster.ts'

export const image = process.env.ROLLPROOF_CONFORMANCE_IMAGE ?? 'rollproof/conformance:1'

/** For the embedded cluster: command → argv of this machine, by default or as JSON in ROLLPROOF_CONFORMANCE_COMMANDS. */
export function imageContents(): Record<string, ImageContents> {
  const given = JSON.parse(process.env.ROLLPROOF_CONFORMANCE_COMMANDS ?? '{}') as Record<string, string[]>
  const web = fileURLToPath(new URL('web-server.mjs', import.meta.url))
  const commands = {
    sh: [onPath('sh')],
    sleep: [onPath('sleep')],
    cat: [onPath('cat')],
    web: [process.execPath, web],
    ...given,
  }
  return { [image]: { commands, entrypoint: ['web'], args: [], env: {}, workingDir: null } }
}

/** Absolute: inside a container the PATH is the image alone. */
function onPath(command: string): string {
  const files = (process.env.PATH ?? '').split(path.delimiter).map(folder => path.join(folder, command))
  return present(files.find(isExecutable), `command ${command}`)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
