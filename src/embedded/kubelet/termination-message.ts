/** What a container leaves behind as its last words: a file, or, if it says so, the end of its log after a failure. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Container } from '../../kube/types.ts'

/** pkg/kubelet/container/runtime.go: of the file, of the log, and of the log's lines. */
const fileLimit = 4096
const logLimit = 2048
const logLines = 80

export function terminationMessage(
  container: Container,
  exitCode: number,
  files: { message: string; log: string | null },
): string | null {
  const message = readPart(files.message, fileLimit, false)
  if (message !== '') return message
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return null
  const log = files.log === null ? '' : readPart(files.log, logLimit, true)
  const lines = log.split('\n')
  return lines.slice(-(logLines + 1)).join('\n') || null
}

/** A file that is not there is empty. */
function readPart(file: string, limit: number, fromEnd: boolean): string {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(descriptor)
    const part = Buffer.alloc(Math.min(size, limit))
    readSync(descriptor, part, 0, part.length, fromEnd ? size - part.length : 0)
    return part.toString('utf8')
  } finally {
    closeSync(descriptor)
  }
}
