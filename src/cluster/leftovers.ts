/**
 * What a killed rollproof may leave: the folder of an embedded cluster, and (only when its reaper was killed as well) its
 * processes. Folders of living clusters are left alone.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { EMBEDDED_FOLDER_PREFIX, OWNER_FILE, type Owner } from './owner.ts'

const CLUSTER_MARK = 'ROLLPROOF_CLUSTER='

export interface Leftover {
  folder: string
  /** Processes that still belong to it. */
  pids: number[]
}

export async function findLeftovers(): Promise<Leftover[]> {
  const temporary = os.tmpdir()
  const names = (await readdir(temporary)).filter(name => name.startsWith(EMBEDDED_FOLDER_PREFIX))
  return names
    .map(name => path.join(temporary, name))
    .filter(folder => isAbandoned(folder))
    .map(folder => ({ folder, pids: processesOf(folder) }))
}

/** For the owner of a cluster that ended by itself: its reaper does the same, unless that was killed with it. */
export function removeRemains(folder: string): void {
  removeLeftover({ folder, pids: processesOf(folder) })
}

export function removeLeftover({ folder, pids }: Leftover): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile.
    }
  }
  rmSync(folder, { recursive: true, force: true })
}

function isAbandoned(folder: string): boolean {
  try {
    const owner = JSON.parse(readFileSync(path.join(folder, OWNER_FILE), 'utf8')) as Owner
    return !isAlive(owner.pid)
  } catch {
    // No owner file: not one of ours, or one that was being made in this moment.
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A pod's process carries its cluster's mark and folder in its environment (Linux shows it; elsewhere none is found). */
function processesOf(folder: string): number[] {
  let pids: number[]
  try {
    pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
  return pids.filter(pid => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      return environment.includes(CLUSTER_MARK) && environment.includes(`=${folder}/`)
    } catch {
      return false
    }
  })
}
