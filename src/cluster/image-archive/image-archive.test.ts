/** Against what others make of it: the system's `tar`, its loader, and the digests that every container runtime checks. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDynamicNeeds } from './elf.ts'
import { FileTree } from './file-tree.ts'
import { LibraryMissing, librariesOf } from './libraries.ts'
import { writeSampleAppArchive } from './sample-app-archive.ts'
import { tarBytes, writeTar, type TarEntry } from './tar.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'image-archive-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const tar = (...args: string[]): string => execFileSync('tar', args, { encoding: 'utf8' })

async function tarOf(entries: TarEntry[]): Promise<string> {
  const chunks: Buffer[] = []
  await writeTar(entries, chunk => Promise.resolve(void chunks.push(Buffer.from(chunk))))
  const bytes = Buffer.concat(chunks)
  expect(bytes).toHaveLength(tarBytes(entries))
  const file = path.join(folder, 'some.tar')
  writeFileSync(file, bytes)
  return file
}

describe('a tar archive', () => {
  it('is what the system’s tar reads: folders, files of any length, links, modes, long paths', async () => {
    const long = `/${'folder/'.repeat(20)}file`
    const tree = new FileTree()
    tree.folder('/work', 0o1777)
    tree.text('/a/empty', '')
    tree.text('/a/block', 'x'.repeat(512))
    tree.text('/a/more', 'y'.repeat(513), 0o600)
    tree.text(long, 'deep')
    tree.link('/bin/sh', '/a/more')
    const file = await tarOf(tree.entries())
    const into = path.join(folder, 'into')
    mkdirSync(into)
    tar('-xf', file, '-C', into)
    expect(readFileSync(path.join(into, 'a/empty'), 'utf8')).toBe('')
    expect(readFileSync(path.join(into, 'a/block'), 'utf8')).toBe('x'.repeat(512))
    expect(readFileSync(path.join(into, 'a/more'), 'utf8')).toBe('y'.repeat(513))
    expect(readFileSync(path.join(into, long), 'utf8')).toBe('deep')
    const listing = tar('-tvf', file)
    expect(listing).toMatch(/^drwxrwxrwt .* work\/$/m)
    expect(listing).toMatch(/^-rw------- .* a\/more$/m)
    expect(listing).toMatch(/^lrwxrwxrwx .* bin\/sh -> \/a\/more$/m)
  })

  it('refuses a path that no header can hold', async () => {
    const tree = new FileTree()
    tree.text(`/${'n'.repeat(101)}`, '')
    await expect(tarOf(tree.entries())).rejects.toThrow(/too long a path/)
  })
})

describe.skipIf(process.platform !== 'linux')('the libraries of a program', () => {
  it('are those that the loader itself finds for node', async () => {
    const { files } = await librariesOf([process.execPath], {})
    const loaders = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/\S+/g) ?? []
    expect(files).toEqual(expect.arrayContaining(loaders))
    const names = (list: string[]): string[] => [...new Set(list.map(file => path.basename(file)))].sort()
    expect(names(files)).toEqual(names(loaders))
  })

  it('are none for a script', async () => {
    const script = path.join(folder, 'script')
    writeFileSync(
      script,
      '#!/bin/sh\necho hello from something longer than an ELF header, which is 64 bytes\n',
    )
    expect(await readDynamicNeeds(script)).toBeNull()
    expect((await librariesOf([script], {})).files).toEqual([])
  })

  it('are missed by name when one is nowhere', async () => {
    // A copy of a program whose first needed library has another name.
    const { libraries } = (await readDynamicNeeds(process.execPath)) ?? { libraries: [] }
    const [first = ''] = libraries
    const program = path.join(folder, 'sleep')
    const bytes = readFileSync('/bin/sleep')
    const needed = (await readDynamicNeeds('/bin/sleep'))?.libraries[0] ?? first
    bytes.write('zzz', bytes.indexOf(`${needed}\0`), 'latin1')
    writeFileSync(program, bytes)
    await expect(librariesOf([program], {})).rejects.toThrow(LibraryMissing)
    await expect(librariesOf([program], {})).rejects.toThrow(`needs zzz${needed.slice(3)}`)
  })
})

interface ManifestItem {
  Config: string
  RepoTags: string[]
  Layers: string[]
}

describe.skipIf(process.platform !== 'linux')('the sample app’s archive', () => {
  const [first, second] = ['first', 'second'].map(name => path.join(folder, `${name}.tar`)) as [
    string,
    string,
  ]
  const unpacked = path.join(folder, 'unpacked')
  let manifest: ManifestItem[] = []

  beforeAll(async () => {
    await writeSampleAppArchive(first, {})
    await writeSampleAppArchive(second, {})
    mkdirSync(unpacked)
    tar('-xf', first, '-C', unpacked)
    manifest = JSON.parse(readFileSync(path.join(unpacked, 'manifest.json'), 'utf8')) as ManifestItem[]
  })

  const layersOf = (name: string): string[] =>
    (manifest.find(({ RepoTags }) => RepoTags.includes(name))?.Layers ?? []).map(layer =>
      path.join(unpacked, layer),
    )
  const filesOf = (name: string): string[] =>
    layersOf(name).flatMap(layer => tar('-tf', layer).trim().split('\n'))

  it('is the same twice, to the byte', () => {
    expect(sha256(readFileSync(first))).toBe(sha256(readFileSync(second)))
  })

  it('names each image twice, by version and by content, and its digests are right', () => {
    expect(manifest.map(({ RepoTags }) => RepoTags[0])).toEqual([
      'rollproof/sample-app:1',
      'rollproof/sample-app-distroless:1',
    ])
    for (const { Config, RepoTags, Layers } of manifest) {
      const config = readFileSync(path.join(unpacked, Config))
      expect(Config).toBe(`${sha256(config)}.json`)
      expect(RepoTags[1]).toMatch(new RegExp(`:content-${Config.slice(0, 16)}$`))
      const { rootfs } = JSON.parse(config.toString()) as { rootfs: { diff_ids: string[] } }
      const digests = Layers.map(layer => `sha256:${sha256(readFileSync(path.join(unpacked, layer)))}`)
      expect(rootfs.diff_ids).toEqual(digests)
    }
  })

  it('has a shell in the one image and none in the other; both have node, the app and the load driver', () => {
    const both = ['bin/node', 'bin/sample-app', 'bin/rollproof-load', 'app/load.js', 'app/package.json']
    const [whole, bare] = [filesOf('rollproof/sample-app:1'), filesOf('rollproof/sample-app-distroless:1')]
    expect(whole).toEqual(expect.arrayContaining([...both, 'bin/sh', 'bin/cat', 'bin/sleep']))
    expect(bare).toEqual(expect.arrayContaining(both))
    expect(bare.filter(file => /^bin\/(sh|cat|sleep)$/.test(file))).toEqual([])
  })

  it('holds programs that run by the libraries in it alone', () => {
    const root = path.join(folder, 'root')
    mkdirSync(root)
    for (const layer of layersOf('rollproof/sample-app:1')) tar('-xf', layer, '-C', root)
    const files = filesOf('rollproof/sample-app:1')
    const loader = files.find(file => /^lib\d*\/ld-.*\.so/.test(file)) ?? ''
    const folders = [
      ...new Set(files.filter(file => /\.so(\.|$)/.test(file)).map(file => path.dirname(file))),
    ]
    /** What reads its input is given some; the others are not, since a pipe that nobody reads may break. */
    const run = (args: readonly string[], input?: string): string =>
      execFileSync(
        path.join(root, loader),
        ['--inhibit-cache', '--library-path', folders.map(each => path.join(root, each)).join(':'), ...args],
        {
          encoding: 'utf8',
          env: {},
          cwd: path.join(root, 'work'),
          input,
          stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        },
      )
    expect(run([path.join(root, 'bin/node'), '--version']).trim()).toBe(process.version)
    expect(run([path.join(root, 'bin/sh'), '-c', 'echo $0', 'hello']).trim()).toBe('hello')
    // The driver refuses what is no plan: all its modules were found.
    expect(() => run([path.join(root, 'bin/node'), path.join(root, 'app/load.js')], 'no plan\n')).toThrow(
      /the plan/,
    )
  })
})
