/** The direction of imports, as ARCHITECTURE.md tells it. There is no list of exceptions, and there will be none. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('.', import.meta.url))

/** What each folder may import, beside itself. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  model: ['base'],
  kube: ['model', 'base'],
  scenario: ['kube', 'model', 'base'],
  cluster: ['kube', 'model', 'base'],
  disruption: ['kube', 'model', 'base'],
  observe: ['kube', 'model', 'base'],
  load: ['model', 'base'],
  recording: ['model', 'base'],
  analysis: ['model', 'base'],
  run: ['cluster', 'disruption', 'observe', 'recording', 'kube', 'model', 'base'],
  report: ['analysis', 'model', 'base'],
  cli: ['run', 'report', 'cluster', 'recording', 'analysis', 'scenario', 'kube', 'model', 'base'],
  embedded: ['model', 'base', 'kube/types.ts'],
  conformance: ['cluster', 'scenario', 'kube', 'model', 'base'],
  testing: ['analysis', 'recording', 'scenario', 'kube', 'model', 'base'],
}

/** Modules of Node (and globals' doors) that a folder must do without. */
const mayNotUse: Record<string, { modules: readonly string[]; because: string }> = {
  analysis: {
    modules: ['fs', 'fs/promises', 'net', 'http', 'https', 'child_process', 'timers/promises', 'os'],
    because: 'the same recording gives the same verdict, always',
  },
  report: {
    modules: ['fs', 'fs/promises', 'net', 'http', 'child_process'],
    because: 'it returns bytes; cli writes them',
  },
  model: {
    modules: ['fs', 'fs/promises', 'net', 'http', 'child_process', 'os'],
    because: 'nouns have no behaviour',
  },
}

interface Import {
  file: string
  specifier: string
  typeOnly: boolean
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => file.split(path.sep).join('/'))

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(src, file), 'utf8')
  const pattern = /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^']+)'|import\('([^']+)'\)/g
  return [...text.matchAll(pattern)].map(match => ({
    file,
    specifier: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }))
}

const folderOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '')
const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') || file.includes('/testing/') || file.includes('/testdata/')
const imports = files.flatMap(importsOf)

describe('imports go one way', () => {
  for (const [folder, allowed] of Object.entries(mayImport)) {
    it(`${folder} imports only ${allowed.join(', ') || 'itself'}`, () => {
      const wrong = imports
        .filter(({ file, specifier }) => folderOf(file) === folder && specifier.startsWith('.'))
        .map(({ file, specifier }) => ({
          file,
          target: path.posix.join(path.posix.dirname(file), specifier),
        }))
        .filter(({ target }) => folderOf(target) !== folder)
        .filter(({ file, target }) => !(isTest(file) && folderOf(target) === 'testing'))
        .filter(({ target }) => !allowed.some(door => target === door || target.startsWith(`${door}/`)))
        .map(({ file, target }) => `${file} imports ${target}`)
      expect(wrong).toEqual([])
    })
  }

  it('every folder stands in the table', () => {
    const folders = new Set(files.map(folderOf).filter(folder => folder !== ''))
    expect([...folders].filter(folder => !(folder in mayImport))).toEqual([])
  })

  for (const [folder, { modules, because }] of Object.entries(mayNotUse)) {
    it(`${folder} does without ${modules.join(', ')}: ${because}`, () => {
      const wrong = imports
        .filter(({ file }) => folderOf(file) === folder && !isTest(file))
        .filter(({ specifier }) => modules.includes(specifier.replace(/^node:/, '')))
        .map(({ file, specifier }) => `${file} imports ${specifier}`)
      expect(wrong).toEqual([])
    })
  }

  it('no file imports itself by way of others', () => {
    const targetsOf = new Map<string, string[]>()
    for (const { file, specifier } of imports)
      if (specifier.startsWith('.'))
        targetsOf.set(file, [
          ...(targetsOf.get(file) ?? []),
          path.posix.join(path.posix.dirname(file), specifier),
        ])
    const done = new Set<string>()
    const circlesFrom = (file: string, way: readonly string[]): string[] => {
      if (way.includes(file)) return [[...way.slice(way.indexOf(file)), file].join(' → ')]
      if (done.has(file)) return []
      const found = (targetsOf.get(file) ?? []).flatMap(target => circlesFrom(target, [...way, file]))
      done.add(file)
      return found
    }
    expect(files.flatMap(file => circlesFrom(file, []))).toEqual([])
  })

  it('nothing imports client-node at the top of a module: loading it costs half a second', () => {
    const wrong = files
      .filter(file => !isTest(file))
      .flatMap(file => {
        const text = readFileSync(path.join(src, file), 'utf8')
        return /^import (?!type)[^\n]*@kubernetes\/client-node/m.test(text) ? [file] : []
      })
    expect(wrong).toEqual([])
  })
})
