/** Habits that a reader relies on, held by a test instead of by reminders. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map(file => ({ file: file.split(path.sep).join('/'), text: readFileSync(path.join(src, file), 'utf8') }))

function offenders(pattern: RegExp, exempt: (file: string) => boolean = () => false): string[] {
  return files
    .filter(({ file }) => !exempt(file))
    .flatMap(({ file, text }) =>
      text
        .split('\n')
        .map((line, index) => ({ line, at: `${file}:${index + 1}` }))
        .filter(({ line }) => !/^\s*(\*|\/\/|\/\*)/.test(line) && pattern.test(line))
        .map(({ at, line }) => `${at}: ${line.trim()}`),
    )
}

const isSupport = (file: string): boolean => file.includes('testing/') || file.includes('testdata/')

describe('the code keeps its habits', () => {
  it('reads clocks and arms timers only in base/clock.ts', () => {
    const pattern = /\bDate\.now\(|\bperformance\.now\(|\bnew Date\(\)|\bsetTimeout\(|\bsetInterval\(/
    expect(offenders(pattern, file => file === 'base/clock.ts' || isSupport(file))).toEqual([])
  })

  it('draws random numbers only from base/random.ts, except for secrets', () => {
    expect(offenders(/Math\.random\(/)).toEqual([])
  })

  it('never decides by the text of an error', () => {
    expect(offenders(/\.message\.(includes|startsWith|match|indexOf)\(/)).toEqual([])
  })

  it('has no retry in the load driver', () => {
    const load = files.filter(({ file }) => file.startsWith('load/') && !isSupport(file))
    expect(load.filter(({ text }) => /\bretr(y|ies)\b\s*[(=:]/i.test(text)).map(({ file }) => file)).toEqual(
      [],
    )
  })

  it('changes a cluster through one door: mutations, and what takes them back', () => {
    // Taking the power from a node of an embedded cluster is a command of its own, and of no run.
    const doors = [
      'cli/cluster-node.ts',
      'kube/mutations.ts',
      'kube/take-back.ts',
      'cluster/take-back-all.ts',
      'cluster/access-check.ts',
    ]
    const outside = (file: string): boolean =>
      !/^(run|disruption|observe|cluster|kube|cli)\//.test(file) || doors.includes(file)
    const changing =
      /\.request(<[^(]*>)?\(\s*(['"`](POST|PUT|PATCH|DELETE)|method\b)|\.(core|apps)\.(create|patch|replace|delete)/
    expect(offenders(changing, outside)).toEqual([])
    // Who only reads is given a client that can do no more.
    const whole = offenders(/\bKubeClient\b/, file => !/^(run|disruption|observe)\//.test(file))
    expect(whole).toEqual([])
  })

  it('leaves no notes to itself', () => {
    const marks = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X:']
    expect(
      files.filter(({ text }) => marks.some(mark => text.includes(mark))).map(({ file }) => file),
    ).toEqual([])
  })

  it('opens each module with what it is for', () => {
    const silent = files.filter(({ text }) => {
      const head = text.split('\n').slice(0, 25).join('\n')
      return !/\/\*\*|^\/\//m.test(head)
    })
    expect(silent.map(({ file }) => file)).toEqual([])
  })
})
