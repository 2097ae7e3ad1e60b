/**
 * Which processes belong to a cluster. Every process of a pod carries the cluster's id in its environment, so that one
 * which left its group, or was started in the last instant, is still found (Linux only).
 */
import { readdirSync, readFileSync } from 'node:fs'

export const clusterVariable = 'ROLLPROOF_CLUSTER'

/** Start time in clock ticks since boot: with the pid it names a process for good. Null = gone, or no /proc. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in parentheses, may hold spaces; the 20th field after it is the start time.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

export function killGroup(pgid: number): boolean {
  try {
    process.kill(-pgid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}

/** Its processes stand still until they are killed; the kernel goes on to hold their sockets. */
export function stopGroup(pgid: number): void {
  try {
    process.kill(-pgid, 'SIGSTOP')
  } catch {
    // It ended by itself meanwhile.
  }
}

export function processesOfCluster(cluster: string): number[] {
  const wanted = `${clusterVariable}=${cluster}`
  return processIds().filter(pid => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(wanted)
    } catch {
      return false
    }
  })
}

export function killProcessesOfCluster(cluster: string): number {
  const pids = processesOfCluster(cluster)
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return pids.length
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter(pid => Number.isInteger(pid) && pid !== process.pid)
  } catch {
    return []
  }
}
