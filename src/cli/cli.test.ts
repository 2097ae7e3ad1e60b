/** The command line as a user meets it: what it prints where, and with which exit code. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import { runCommand } from '../testing/command.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'cli-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('help', () => {
  it('names every command, on standard output', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['--help'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    for (const command of ['run', 'list', 'report', 'analyze', 'cluster', 'cleanup'])
      expect(stdout).toContain(`  ${command}`)
  })

  it('tells the version', async () => {
    expect((await runCommand(['--version'])).stdout.trim()).toBe(packageVersion())
  })

  it('loads nothing that is slow to load', () => {
    const imported = importedBy(path.join(packageRoot(), 'dist', 'main.js'))
    expect(imported.filter(name => /kubernetes|zx|zod|yaml|log-update/.test(name))).toEqual([])
  })
})

/** Packages that a built file imports at its top, through the chunks it imports at their tops. */
function importedBy(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const specifiers = [
    ...readFileSync(file, 'utf8').matchAll(/^(?:import|\} from|export .* from)[^"']*["']([^"']+)["']/gm),
  ]
  return specifiers.flatMap(([, specifier = '']) =>
    specifier.startsWith('.') ? importedBy(path.join(path.dirname(file), specifier), seen) : [specifier],
  )
}

describe('wrong input ends with exit code 2, before anything is begun', () => {
  const cases: [string, string[], RegExp][] = [
    ['an unknown flag, with the nearest one', ['run', '--tuor'], /Did you mean --tour/],
    ['an unknown command, with the nearest one', ['runn'], /Did you mean run/],
    ['an unknown scenario, with the nearest one', ['run', 'naiv'], /naive/],
    ['every unknown scenario at once', ['run', 'naiv', 'chekclist-full'], /naive[^]*checklist-full/],
    [
      'an unknown disruption, with the nearest one',
      ['run', 'naive', '--disruption', 'drian'],
      /did you mean drain/,
    ],
    [
      'a disruption that the scenario does not have',
      ['run', 'recreate', '--disruption', 'drain'],
      /declares the disruption drain/,
    ],
    [
      'a number out of range',
      ['run', '--at-a-time', '0'],
      /--at-a-time 0: expected a whole number from 1 to 64/,
    ],
    ['names and --all together', ['run', 'naive', '--all'], /either scenario names/],
    ['an unknown driver', ['run', 'naive', '--driver', 'jmeter'], /Allowed choices are rollproof, k6/],
    ['a file that is not there', ['run', './no-such.yaml'], /no-such\.yaml: no such file/],
    ['a report that is not there', ['report', 'no-such-run'], /no-such-run: no report; looked for/],
    ['a folder without a recording', ['analyze', '.'], /no recording; expected/],
    ['one run where two are compared', ['agreement', '--from', '.'], /--from takes runs in pairs/],
    ['two folders without a run', ['agreement', '--from', '.', '.'], /no recording; expected a run/],
    ['an unknown output format', ['list', '-o', 'xml'], /Allowed choices are text, json/],
  ]
  it.each(cases)('%s', async (_, args, message) => {
    const { exitCode, stdout, stderr } = await runCommand([
      ...args,
      ...(args[0] === 'run' ? ['--reports', folder] : []),
    ])
    expect(stderr).toMatch(message)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(readdirSync(folder)).toEqual([])
  })

  /** A PATH whose first k6 is one that reads no TypeScript yet. */
  function oldK6(): { PATH: string } {
    const bin = path.join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(path.join(bin, 'k6'), '#!/bin/sh\necho "k6 v0.49.0 (go1.21, linux/amd64)"\n', {
      mode: 0o755,
    })
    return { PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` }
  }

  it('a k6 that is of no use, with what to do', async () => {
    const args = ['run', 'naive', '--driver', 'k6', '--reports', path.join(folder, 'reports')]
    const { exitCode, stdout, stderr } = await runCommand(args, oldK6())
    expect(stderr).toMatch(/^--driver k6: .*k6 is k6 0\.49\.0: too old.* 0\.57 or newer is needed/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(readdirSync(folder)).toEqual(['bin'])
  })

  it('a k6 script for a load, where there is no k6, or the script itself is not there', async () => {
    const scenario = (script: string): string =>
      `scenario: mine\ntitle: t\nshows: s\nvariant: naive\nload:\n  k6: ${script}\ndisruptions:\n  drain: {}\n`
    const file = path.join(folder, 'mine.yaml')
    writeFileSync(file, scenario('./shop.ts'))
    expect((await runCommand(['run', file])).stderr).toMatch(/mine\.yaml:6:7: there is no .*shop\.ts/)
    writeFileSync(path.join(folder, 'shop.ts'), 'export default function () {}')
    const { exitCode, stderr } = await runCommand(['run', file], oldK6())
    expect(stderr).toMatch(/^the load of mine \(key `load\.k6`\): .*k6 is k6 0\.49\.0/)
    expect(exitCode).toBe(2)
    const ours = await runCommand(['run', file, '--driver', 'rollproof'])
    expect(ours.stderr).toMatch(/is a k6 script .*which only k6 can run/)
  })

  it('a broken scenario file: every problem with line, column and caret', async () => {
    const file = path.join(folder, 'broken.yaml')
    writeFileSync(file, 'scenario: broken\ntitel: oops\nvariant: naiv\ndisruptions:\n  drian: {}\n')
    const { exitCode, stderr } = await runCommand(['run', file, '--reports', path.join(folder, 'reports')])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/broken\.yaml:2:1: .*titel/)
    expect(stderr).toMatch(/broken\.yaml:3:10: .*naiv/)
    expect(stderr).toMatch(/broken\.yaml:5:3: .*drian/)
    expect(stderr).toContain('^')
    expect(readdirSync(folder)).toEqual(['broken.yaml'])
  })
})

describe('list', () => {
  it('shows every scenario, and marks the tour', async () => {
    const { exitCode, stdout } = await runCommand(['list'])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/naive +rolling-update\*, drain\*/)
    expect(stdout).toMatch(/database-blip +dependency-outage\n/)
  })

  it('is one JSON document with a schema version when asked', async () => {
    const { stdout } = await runCommand(['list', '-o', 'json'])
    const list = JSON.parse(stdout) as { schemaVersion: number; scenarios: { name: string }[] }
    expect(list.schemaVersion).toBe(1)
    expect(list.scenarios).toHaveLength(30)
  })
})

describe('a stored run', () => {
  const example = path.join(packageRoot(), 'reports', 'example')

  it('is shown again as it was judged', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['report', example])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain('naive')
  })

  it('is judged again to the same verdicts', async () => {
    const stored = JSON.parse((await runCommand(['report', example, '-o', 'json'])).stdout) as Judged
    const again = JSON.parse((await runCommand(['analyze', example, '-o', 'json'])).stdout) as Judged
    expect(verdictsOf(again)).toEqual(verdictsOf(stored))
  })

  it('is compared with another, agrees with itself, and takes the place of an earlier run of its rows', async () => {
    const out = path.join(folder, 'agreement.md')
    const pair = [example, example]
    const { exitCode, stdout } = await runCommand(['agreement', '--from', ...pair, ...pair, '--out', out])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/\(0 rows\) and .* \((\d+) rows\), judged again at \S+\. \1 of \1 rows agree\./)
    expect(readFileSync(out, 'utf8')).toBe(stdout)
  })
})

interface Judged {
  analyses: { name: string; verdict: string; asDeclared: boolean }[]
}
const verdictsOf = ({ analyses }: Judged): string[] =>
  analyses.map(({ name, verdict, asDeclared }) => `${name} ${verdict} ${String(asDeclared)}`).sort()

describe('a cluster that stays', () => {
  it('comes up with a kubeconfig of one’s own, is found again, and goes with everything in it', async () => {
    const env = { XDG_STATE_HOME: folder }
    expect((await runCommand(['cluster', 'status'], env)).exitCode).toBe(3)
    const up = await runCommand(['cluster', 'up'], env)
    expect({ exitCode: up.exitCode, stderr: up.stderr }).toEqual({ exitCode: 0, stderr: '' })
    const kubeconfig = /KUBECONFIG=(\S+)/.exec(up.stdout)?.[1] ?? ''
    expect(readFileSync(kubeconfig, 'utf8')).toContain('127.0.0.1')
    expect((await runCommand(['cluster', 'up'], env)).stdout).toMatch(/^already running/)
    expect((await runCommand(['cluster', 'status'], env)).stdout).toMatch(/^running/)
    expect((await runCommand(['cluster', 'down'], env)).stdout).toContain('have ended')
    expect((await runCommand(['cluster', 'down'], env)).stdout).toContain('no embedded cluster is running')
    expect((await runCommand(['cluster', 'status'], env)).exitCode).toBe(3)
  })
})
