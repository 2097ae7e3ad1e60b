/**
 * A container's main process is PID 1 of its PID namespace, and the kernel drops signals to PID 1 that it has no handler
 * for. Here it is an ordinary process, which SIGTERM would kill; so the kubelet looks first whether it is caught.
 *
 * Without /proc (macOS) nothing can be seen, and the signal is sent.
 */
import { readFileSync } from 'node:fs'

const sigterm = 15

export function catchesSigterm(pid: number): boolean {
  let status: string
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return true
  }
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  return mask === undefined || ((BigInt(`0x${mask}`) >> BigInt(sigterm - 1)) & 1n) === 1n
}
