import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findLeftovers, removeLeftover } from './leftovers.ts'

let temporary: string
const before = process.env.TMPDIR
beforeEach(() => {
  temporary = mkdtempSync(path.join(os.tmpdir(), 'leftovers-test-'))
  process.env.TMPDIR = temporary
})
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  rmSync(temporary, { recursive: true, force: true })
})

function clusterFolder(name: string, ownerPid: number | null): string {
  const folder = path.join(temporary, name)
  mkdirSync(folder)
  if (ownerPid !== null) writeFileSync(path.join(folder, 'owner.json'), JSON.stringify({ pid: ownerPid }))
  return folder
}

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid
}

describe('what a killed rollproof leaves', () => {
  it('is found by its owner’s death; living, unfinished and foreign folders are left alone', async () => {
    const abandoned = clusterFolder('rollproof-dead', deadPid())
    clusterFolder('rollproof-alive', process.pid)
    clusterFolder('rollproof-begun', null)
    clusterFolder('something-else', deadPid())
    expect(await findLeftovers()).toEqual([{ folder: abandoned, pids: [] }])
  })

  it.skipIf(process.platform !== 'linux')(
    'goes with the pods that still run in it, and with no other process',
    async () => {
      const folder = clusterFolder('rollproof-dead', deadPid())
      const wait = ['-e', 'setTimeout(() => {}, 60_000)']
      const inFolder = `${folder}/pods/1`
      const pod = spawn(process.execPath, wait, { env: { ROLLPROOF_CLUSTER: 'x', TMPDIR: inFolder } })
      const shell = spawn(process.execPath, wait, { env: { PWD: inFolder } })
      try {
        const ended = new Promise(resolve => pod.once('exit', (_, signal) => resolve(signal)))
        const [leftover, ...others] = await findLeftovers()
        expect({ pids: leftover?.pids, others }).toEqual({ pids: [pod.pid], others: [] })
        if (leftover !== undefined) removeLeftover(leftover)
        expect(await ended).toBe('SIGKILL')
        expect(shell.exitCode).toBeNull()
        expect(existsSync(folder)).toBe(false)
      } finally {
        pod.kill('SIGKILL')
        shell.kill('SIGKILL')
      }
    },
  )
})
