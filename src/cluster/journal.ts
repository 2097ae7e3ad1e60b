/**
 * What a run changes on a cluster of others, written down before each change: a line of JSON, on the disk before the
 * request is sent. After a SIGKILL at any moment, what the file says is all that may have to be taken back. It holds paths
 * of kubeconfig files, never what is in them.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { toLine } from '../base/ndjson.ts'
import type { MutationRequest } from '../kube/mutation-requests.ts'
import type { MutationLog, Undo } from '../kube/mutations.ts'
import { processStart } from './process-start.ts'

/** Which cluster, so that it is found again. */
export interface JournalPlace {
  kubeconfigFiles: readonly string[]
  context: string
  server: string
  /** Uid of the namespace kube-system, which is a cluster's identity; null where it may not be read. */
  clusterUid: string | null
  namespace: string | null
}

export interface JournalHead {
  type: 'run'
  version: 1
  runId: string
  pid: number
  /** Tells the process from a later one of the same id; null where the system does not tell. */
  processStart: string | null
  place: JournalPlace
}

type JournalLine =
  | JournalHead
  | { type: 'begin'; ticket: number; method: string; path: string; undo: Undo }
  | { type: 'done'; ticket: number; uid: string | null }
  | { type: 'refused'; ticket: number }

/** A change that was made, or may have been. */
export interface JournalEntry {
  ticket: number
  method: string
  path: string
  undo: Undo
  /** Of the object that came of it; null when that is not known. */
  uid: string | null
}

export interface StoredJournal {
  file: string
  head: JournalHead
  entries: JournalEntry[]
}

const ENDING = '.ndjson'

export function journalFolder(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_STATE_HOME ?? path.join(env.HOME ?? os.homedir(), '.local', 'state')
  return path.join(base, 'rollproof', 'journal')
}

export class Journal implements MutationLog {
  readonly file: string
  readonly #descriptor: number
  readonly #entries = new Map<number, JournalEntry>()
  #tickets = 0
  #open = true

  /** One file for each cluster that a run acquires: `<runId>.ndjson`, `<runId>.2.ndjson`, … */
  constructor(folder: string, runId: string, place: JournalPlace) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { file, descriptor } = openNew(folder, runId)
    this.file = file
    this.#descriptor = descriptor
    const { pid } = process
    this.#write({ type: 'run', version: 1, runId, pid, processStart: processStart(pid), place })
    // The name must be there after a crash of the machine, not only the content.
    const parent = openSync(folder, 'r')
    fsyncSync(parent)
    closeSync(parent)
  }

  get entries(): JournalEntry[] {
    return [...this.#entries.values()]
  }

  begin({ method, path: requestPath }: MutationRequest, undo: Undo): number {
    const ticket = ++this.#tickets
    this.#write({ type: 'begin', ticket, method, path: requestPath, undo })
    this.#entries.set(ticket, { ticket, method, path: requestPath, undo, uid: null })
    return ticket
  }

  done(ticket: number, uid: string | null): void {
    const entry = this.#entries.get(ticket)
    if (entry === undefined) return
    entry.uid = uid
    this.#write({ type: 'done', ticket, uid })
  }

  refused(ticket: number): void {
    this.#entries.delete(ticket)
    this.#write({ type: 'refused', ticket })
  }

  /** Nothing is left to take back. */
  remove(): void {
    this.close()
    rmSync(this.file, { force: true })
  }

  close(): void {
    if (this.#open) closeSync(this.#descriptor)
    this.#open = false
  }

  #write(line: JournalLine): void {
    // Late news of a request that was still under way when all was taken back.
    if (!this.#open) {
      if (line.type === 'begin')
        throw new Error('the journal is closed: nothing more is changed on the cluster')
      return
    }
    try {
      writeSync(this.#descriptor, toLine(line))
      fsyncSync(this.#descriptor)
    } catch (error) {
      // A full disk, say. What cannot be written down is not done, neither now nor later.
      this.close()
      throw error
    }
  }
}

function openNew(folder: string, runId: string): { file: string; descriptor: number } {
  for (let number = 1; ; number += 1) {
    const file = path.join(folder, `${runId}${number === 1 ? '' : `.${number}`}${ENDING}`)
    try {
      return { file, descriptor: openSync(file, 'wx', 0o600) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** Those that were left behind, oldest first. */
export function readJournals(folder: string): StoredJournal[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names
    .filter(name => name.endsWith(ENDING))
    .sort()
    .map(name => readJournal(path.join(folder, name)))
    .filter(journal => journal !== null)
}

/** Null when even the first line is torn: then nothing had been begun. */
export function readJournal(file: string): StoredJournal | null {
  let head: JournalHead | null = null
  const entries = new Map<number, JournalEntry>()
  for (const line of readLines(file)) {
    if (line.type === 'run') head = line
    else if (line.type === 'begin') entries.set(line.ticket, { ...line, uid: null })
    else if (line.type === 'refused') entries.delete(line.ticket)
    else Object.assign(entries.get(line.ticket) ?? {}, { uid: line.uid })
  }
  return head === null ? null : { file, head, entries: [...entries.values()] }
}

/** A torn line is that of a change that was not begun: the request waits for its line to be on the disk. */
function readLines(file: string): JournalLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        return line === '' ? [] : [JSON.parse(line) as JournalLine]
      } catch {
        return []
      }
    })
}
