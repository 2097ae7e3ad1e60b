import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { findK6 } from './k6-executable.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A folder with a `k6` that is this shell script. */
function folderWith(script: string | null): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rollproof-k6-'))
  folders.push(folder)
  if (script === null) return folder
  writeFileSync(path.join(folder, 'k6'), `#!/bin/sh\n${script}\n`)
  chmodSync(path.join(folder, 'k6'), 0o755)
  return folder
}

const telling = (version: string): string => folderWith(`echo "k6 ${version} (go1.26.8, linux/amd64)"`)
const problemOf = async (searchPath: string): Promise<string | null> => {
  const search = await findK6({ PATH: searchPath })
  return search.ok ? null : search.problem
}

describe.skipIf(process.platform === 'win32')('the k6 on the PATH', () => {
  it.each([
    ['v0.57.0', '0.57.0', 0],
    ['v1.8.1', '1.8.1', 1],
    ['v2.0.0-rc1', '2.0.0-rc1', 2],
    ['v2.2.0', '2.2.0', 2],
  ])('is taken when it is %s', async (told, version, major) => {
    const folder = telling(told)
    expect(await findK6({ PATH: `${folderWith(null)}${path.delimiter}${folder}` })).toEqual({
      ok: true,
      k6: { file: path.join(folder, 'k6'), version, major },
    })
  })

  it('is refused with what to do when there is none', async () => {
    expect(await problemOf(folderWith(null))).toMatch(/^k6 is not on the PATH: install k6/)
    expect(await problemOf('')).toMatch(/not on the PATH/)
  })

  it.each(['v0.49.0', 'v0.56.9'])('is refused when it is as old as %s', async version => {
    expect(await problemOf(telling(version))).toMatch(/too old, it does not read TypeScript; 0\.57 or newer/)
  })

  it('is refused when it is newer than anything known here', async () => {
    expect(await problemOf(telling('v3.0.0'))).toMatch(/is k6 3\.0\.0: its output is not known/)
  })

  it('is refused when it does not work, or is something else', async () => {
    const broken = /does not tell its version/
    expect(await problemOf(folderWith('exit 1'))).toMatch(broken)
    expect(await problemOf(folderWith('echo "git version 2.39"'))).toMatch(broken)
  })
})
