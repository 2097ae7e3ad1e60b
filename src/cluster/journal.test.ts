import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { spawn, spawnSync } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { Journal, journalFolder, readJournal, readJournals } from './journal.ts'
import { takeBackJournals } from './journal-cleanup.ts'
import { isSameProcess, processStart } from './process-start.ts'

const place = { kubeconfigFiles: [], context: 'test', server: 'https://x', clusterUid: null, namespace: null }
const request = {
  method: 'POST',
  path: '/api/v1/namespaces',
  body: { secret: 'x' },
  contentType: '',
} as const
const undo = { kind: 'delete', path: '/api/v1/namespaces/a' } as const

let folder: string
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'journal-test-')), 'journal')
})
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }))

describe('a journal', () => {
  it('is on the disk before the change is made, for nobody else to read, and holds no bodies', () => {
    const journal = new Journal(folder, 'r1', place)
    journal.begin(request, undo)
    expect(statSync(journal.file).mode & 0o777).toBe(0o600)
    expect(path.basename(journal.file)).toBe('r1.ndjson')
    expect(readFileSync(journal.file, 'utf8')).not.toContain('secret')
    expect(readJournal(journal.file)?.entries).toEqual([
      { type: 'begin', ticket: 1, method: 'POST', path: '/api/v1/namespaces', undo, uid: null },
    ])
  })

  it('knows what came of a change, forgets what was refused, and does not mind a torn line', () => {
    const journal = new Journal(folder, 'r1', place)
    journal.done(journal.begin(request, undo), 'u1')
    journal.refused(journal.begin(request, undo))
    appendFileSync(journal.file, '{"type":"begin","tick')
    expect(readJournal(journal.file)?.entries.map(({ ticket, uid }) => ({ ticket, uid }))).toEqual([
      { ticket: 1, uid: 'u1' },
    ])
  })

  it('has a file for each cluster of a run, and lets nothing be done once it is closed', () => {
    const [first, second] = [new Journal(folder, 'r1', place), new Journal(folder, 'r1', place)]
    expect(readJournals(folder).map(({ file }) => path.basename(file))).toEqual(['r1.2.ndjson', 'r1.ndjson'])
    first.remove()
    expect(() => first.begin(request, undo)).toThrow(/closed/)
    second.remove()
    expect(readJournals(folder)).toEqual([])
  })

  it('lies in the state folder of the user', () => {
    expect(journalFolder({ XDG_STATE_HOME: '/s' })).toBe('/s/rollproof/journal')
    expect(journalFolder({ HOME: '/h' })).toBe('/h/.local/state/rollproof/journal')
  })
})

describe('cleaning up from journals', () => {
  it('leaves that of a living run alone', async () => {
    const journal = new Journal(folder, 'r1', place)
    expect(await takeBackJournals(folder, systemClock)).toEqual([
      { kind: 'living', runId: 'r1', pid: process.pid },
    ])
    journal.remove()
  })

  it.skipIf(process.platform !== 'linux')('tells a process from a later one of the same id', () => {
    expect(isSameProcess(process.pid, processStart(process.pid))).toBe(true)
    expect(isSameProcess(process.pid, '1')).toBe(false)
    expect(isSameProcess(process.pid, null)).toBe(true)
    expect(isSameProcess(spawnSync(process.execPath, ['-e', '0']).pid, null)).toBe(false)
  })

  it.skipIf(process.platform !== 'linux')(
    'takes one that was killed, and that nobody has reaped, for dead',
    async () => {
      // The shell goes on without waiting for its child.
      const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; kill -KILL $!; exec sleep 60'])
      try {
        const pid = Number(await new Promise(resolve => shell.stdout.once('data', resolve)))
        const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8')
        while (!stat().includes(') Z ')) await new Promise(resolve => setImmediate(resolve))
        expect(isSameProcess(pid, processStart(pid))).toBe(false)
      } finally {
        shell.kill('SIGKILL')
      }
    },
  )
})
