/** The files that programs need besides themselves: their loader and, all the way down, their libraries. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { readDynamicNeeds } from './elf.ts'

/** Where every loader looks without being told, on the distributions there are. */
const DEFAULT_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
]

export interface Libraries {
  /** Absolute paths as the loader will ask for them, in order. */
  files: string[]
  /** Folders among them where a loader looks only when told. */
  folders: string[]
}

export class LibraryMissing extends Error {
  override name = 'LibraryMissing'
}

/** `programs`: absolute paths. What is no ELF program (a script) needs nothing. */
export async function librariesOf(programs: readonly string[], env: NodeJS.ProcessEnv): Promise<Libraries> {
  const told = [...(env.LD_LIBRARY_PATH ?? '').split(':'), ...configuredFolders()].filter(folder =>
    path.isAbsolute(folder),
  )
  const found = new Set<string>()
  const waiting = [...programs]
  for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
    const needs = await readDynamicNeeds(file)
    if (needs === null) continue
    const own = needs.searchFolders.map(folder => folder.replace(/\$\{?ORIGIN\}?/, path.dirname(file)))
    const libraries = needs.libraries.map(name =>
      findLibrary(name, file, [...own, ...told, ...DEFAULT_FOLDERS]),
    )
    for (const each of [needs.interpreter, ...libraries]) {
      if (each === null || found.has(each)) continue
      found.add(each)
      waiting.push(each)
    }
  }
  const files = [...found].sort()
  const folders = [...new Set(files.map(file => path.dirname(file)))]
  return { files, folders: folders.filter(folder => !DEFAULT_FOLDERS.includes(folder)) }
}

function findLibrary(name: string, neededBy: string, folders: readonly string[]): string {
  const found = folders.map(folder => path.join(folder, name)).find(file => existsSync(file))
  if (found === undefined)
    throw new LibraryMissing(`${neededBy} needs ${name}, which is in none of ${folders.join(', ')}`)
  return found
}

/** What /etc/ld.so.conf names, and the files that it includes. */
function configuredFolders(): string[] {
  const folder = '/etc/ld.so.conf.d'
  const included = listed(folder).map(name => path.join(folder, name))
  return ['/etc/ld.so.conf', ...included].flatMap(file => {
    try {
      return readFileSync(file, 'utf8')
        .split('\n')
        .map(line => line.trim())
        .filter(line => line.startsWith('/'))
    } catch {
      return []
    }
  })
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(name => name.endsWith('.conf'))
      .sort()
  } catch {
    return []
  }
}
