/** What a built program consists of: its file and chunks in `dist/`, and the packages that it imports from outside. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../../base/package-root.ts'

export interface ProgramParts {
  /** Relative to `dist/`. */
  files: string[]
  packages: { name: string; folder: string }[]
}

/** Written by the build: `dist/parts.json`. */
type Parts = Record<string, { files: string[]; packages: string[] } | undefined>

export function programParts(program: string): ProgramParts {
  const list = JSON.parse(readFileSync(path.join(packageRoot(), 'dist', 'parts.json'), 'utf8')) as Parts
  const parts = list[program]
  if (parts === undefined) throw new Error(`dist/parts.json does not know the program ${program}: build anew`)
  const packages = new Map<string, string>()
  for (const name of parts.packages) collect(name, packageRoot(), packages)
  return { files: parts.files, packages: [...packages].map(([name, folder]) => ({ name, folder })) }
}

/** With what the package itself depends on. All go side by side, which two versions of one package would forbid. */
function collect(name: string, from: string, packages: Map<string, string>): void {
  const folder = findPackage(name, from)
  const known = packages.get(name)
  if (known === folder) return
  if (known !== undefined) throw new Error(`two versions of the package ${name}: ${known}, ${folder}`)
  packages.set(name, folder)
  const { dependencies = {} } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const each of Object.keys(dependencies)) collect(each, folder, packages)
}

function findPackage(name: string, from: string): string {
  const folder = path.join(from, 'node_modules', name)
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(from)
  if (parent === from) throw new Error(`the package ${name} is not installed`)
  return findPackage(name, parent)
}
