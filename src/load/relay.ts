/**
 * What runs in the driver's pod while somebody is connected: it carries lines between its own standard input and output
 * and the driver's socket. The driver outlives it, and the next one goes on where this one stopped.
 */
import { connect } from 'node:net'

/** In the working directory, which driver and relay have in common: a path of any depth would be too long for a socket. */
export const socketPath = 'load.sock'

export function runRelay(): void {
  const socket = connect(socketPath)
  const end = (code: number): void => void process.exit(code)
  socket.on('error', (error: NodeJS.ErrnoException) => {
    process.stderr.write(`load: no driver answers here: ${error.code ?? error.name}\n`)
    end(3)
  })
  socket.on('close', () => end(0))
  process.stdin.on('error', () => end(0))
  process.stdin.on('end', () => end(0))
  process.stdout.on('error', () => end(0))
  process.stdin.pipe(socket)
  socket.pipe(process.stdout)
}
