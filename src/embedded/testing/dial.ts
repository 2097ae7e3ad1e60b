/** How a connect on loopback ends: there the kernel answers at once, or nobody ever does. */
import { connect } from 'node:net'
import { systemClock } from '../../base/clock.ts'

export type DialEnd = 'connected' | 'refused' | 'hangs'

export function dial(host: string, port: number, limitMs: number): Promise<DialEnd> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const finish = (how: DialEnd): void => {
      limit.cancel()
      socket.destroy()
      resolve(how)
    }
    // A process that stood still reads first what has come meanwhile.
    const limit = systemClock.after(limitMs, () => systemClock.afterReads(() => finish('hangs')))
    socket.once('connect', () => finish('connected'))
    socket.on('error', () => finish('refused'))
  })
}
