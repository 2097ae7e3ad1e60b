import { connect } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { Reach } from '../pod-network/pod-network.ts'

/** Null when a connection could be opened (it is closed at once), else the error's code. */
export function tcpConnect(clock: Clock, { host, port }: Reach, limitMs: number): Promise<string | null> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const finish = (code: string | null): void => {
      limit.cancel()
      socket.destroy()
      resolve(code)
    }
    const limit = clock.after(limitMs, () => finish('timed-out'))
    socket.once('connect', () => finish(null))
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'unknown'))
  })
}
