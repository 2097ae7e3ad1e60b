/** What the machine of `rollproof load` cannot give it is named as such, and never blamed on the server. */
import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { accountInShell, byClass } from './testdata/load-account.ts'

const SLOW_MS = 300

it('file descriptors that ran out are a local limit', async () => {
  let count = 0
  const server = createServer((_, response) => {
    count += 1
    setTimeout(() => response.end('ok'), SLOW_MS)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const flags = ['--rate', '400', '--duration', '1s', '--connection-use', 'fresh']
  const { document, exitCode } = await accountInShell('ulimit -n 64; exec "$@"', url, ...flags)
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))

  expect(exitCode).toBe(3)
  expect(Object.keys(byClass(document))).toEqual(['local.fds'])
  expect(document.sent).toBe(count + document.failed)
  expect(document.succeeded).toBe(count)
  expect(document.doubts).toContain(
    `${document.failed} requests failed by a limit of this machine: local.fds`,
  )
})

/** A network of its own, in which nothing but loopback exists, and a server and the command in it. */
const inNarrowNetwork = [
  'ip link set lo up',
  'echo "40000 40009" > /proc/sys/net/ipv4/ip_local_port_range',
  `"$1" -e '
    let count = 0
    require("node:http").createServer((_, response) => {
      count += 1
      setTimeout(() => response.end("ok"), ${SLOW_MS})
    }).listen(8080, "127.0.0.1", () => console.error("listening"))
    process.on("SIGTERM", () => { console.error("counted " + count); process.exit(0) })
  ' 2> "$0.server" & server=$!`,
  'until grep -q listening "$0.server"; do sleep 0.05; done',
  '"$@"; code=$?',
  'kill $server; wait $server; cat "$0.server" >&2; exit $code',
].join('\n')

const allowed =
  spawnSync('unshare', [
    '-rn',
    'sh',
    '-c',
    'ip link set lo up && echo "40000 40009" > /proc/sys/net/ipv4/ip_local_port_range',
  ]).status === 0

it.skipIf(!allowed)('ports that ran out are a local limit', async () => {
  const script = `file=$(mktemp); unshare -rn sh -c '${inNarrowNetwork.replaceAll("'", `'\\''`)}' "$file" "$@"; code=$?; rm -f "$file" "$file.server"; exit $code`
  const flags = ['--rate', '100', '--duration', '1s', '--connection-use', 'fresh']
  const { document, exitCode, stderr } = await accountInShell(script, 'http://127.0.0.1:8080/', ...flags)
  const count = Number(/counted (\d+)/.exec(stderr)?.[1])

  expect(exitCode).toBe(3)
  expect(Object.keys(byClass(document))).toEqual(['local.ports'])
  expect(document.succeeded).toBe(count)
  expect(document.sent).toBe(count + document.failed)
  expect(document.doubts).toContain(
    `${document.failed} requests failed by a limit of this machine: local.ports`,
  )
})
