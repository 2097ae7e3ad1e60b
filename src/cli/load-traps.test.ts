/**
 * `rollproof load` against servers that do the worst that their protocol allows, and what it does not allow: the failures
 * by class must be the server's own count, each of them. The seed is in the name of the test that fails.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import type { TrapServer } from './testdata/dealing.ts'
import { trapHttp1 } from './testdata/http1-traps.ts'
import { connectionTraps, streamTraps, trapHttp2 } from './testdata/http2-traps.ts'
import { account, byClass } from './testdata/load-account.ts'

const seed = Number(process.env.TRAP_SEED ?? Math.floor(Date.now() % 1_000_000))

let server: Pick<TrapServer, 'close'> | null = null
afterEach(async () => {
  await server?.close()
  server = null
})

describe('HTTP/1.1', () => {
  it.each(['fresh', 'reused', 'both'])(`on %s connections (TRAP_SEED=${seed})`, async use => {
    const traps = await trapHttp1(seededRandom(seed))
    server = traps
    const flags = ['--connection-use', use, '--connections', '10', '--timeout', '2s']
    const url = `http://127.0.0.1:${traps.port}/`
    const { document, exitCode } = await account(url, '--rate', '250', '--duration', '2s', ...flags)
    expect(byClass(document)).toEqual(traps.expected)
    expect(document.sent).toBe(traps.arrived)
    expect(exitCode).toBe(1)
  })
})

describe('HTTP/2', () => {
  it.each([
    ['streams', 'reused', streamTraps],
    ['streams', 'fresh', streamTraps],
    ['connections', 'fresh', connectionTraps],
  ] as const)(`with its %s, on %s connections (TRAP_SEED=${seed})`, async (_, use, list) => {
    const traps = await trapHttp2(seededRandom(seed), list)
    server = traps
    const flags = ['--http', '2', '--connection-use', use, '--connections', '10', '--timeout', '2s']
    const url = `http://127.0.0.1:${traps.port}/`
    const { document } = await account(url, '--rate', '150', '--duration', '2s', ...flags)
    expect(byClass(document)).toEqual(traps.expected)
    expect(document.sent).toBe(traps.arrived)
  })
})
