/** Who an embedded cluster's folder belongs to: written into it before anything is started there. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** Prefix of the folders in the system's temporary folder. */
export const EMBEDDED_FOLDER_PREFIX = 'rollproof-'
export const OWNER_FILE = 'owner.json'

export interface Owner {
  /** The process that ends the cluster: a run, or a supervisor. */
  pid: number
}

export function claim(folder: string): void {
  const owner: Owner = { pid: process.pid }
  writeFileSync(path.join(folder, OWNER_FILE), `${JSON.stringify(owner)}\n`, { mode: 0o600 })
}
