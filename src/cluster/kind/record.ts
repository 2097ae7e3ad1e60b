/**
 * Which kind clusters are rollproof's, and whose: written before one is made, so that `rollproof cleanup` finds what a
 * killed run left, and a kept cluster is known again. Each has a folder of its own, with its kubeconfig.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isSameProcess, processStart } from '../process-start.ts'

export interface KindRecord {
  name: string
  /** The run that uses it; null while nobody does. */
  user: ProcessId | null
  /** `kind create cluster`, while it runs. */
  creator: ProcessId | null
  /** It is to stay when its run has ended. */
  keep: boolean
  /** It was made whole. */
  complete: boolean
  /** What its nodes were made from. */
  images: string[]
}

/** A number alone is given out again. */
export interface ProcessId {
  pid: number
  /** Clock ticks since the machine's start, as Linux tells; null elsewhere. */
  started: string | null
}

export function kindFolder(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_STATE_HOME ?? path.join(os.homedir(), '.local', 'state')
  return path.join(base, 'rollproof', 'kind')
}

export function folderOf(env: NodeJS.ProcessEnv, name: string): string {
  return path.join(kindFolder(env), name)
}

export const recordFiles = {
  record: 'record.json',
  kubeconfig: 'kubeconfig',
  config: 'kind-config.yaml',
} as const

export function readRecord(folder: string): KindRecord | null {
  try {
    return JSON.parse(readFileSync(path.join(folder, recordFiles.record), 'utf8')) as KindRecord
  } catch {
    return null
  }
}

export function writeRecord(folder: string, record: KindRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(path.join(folder, recordFiles.record), `${JSON.stringify(record)}\n`, { mode: 0o600 })
}

export function forget(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

export function listRecords(env: NodeJS.ProcessEnv): { folder: string; record: KindRecord }[] {
  let names: string[]
  try {
    names = readdirSync(kindFolder(env)).sort()
  } catch {
    return []
  }
  return names.flatMap(name => {
    const folder = folderOf(env, name)
    const record = readRecord(folder)
    return record === null ? [] : [{ folder, record }]
  })
}

export function processId(pid: number): ProcessId {
  return { pid, started: processStart(pid) }
}

export function isAlive({ pid, started }: ProcessId): boolean {
  return isSameProcess(pid, started)
}
