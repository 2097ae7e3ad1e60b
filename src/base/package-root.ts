/** Where the package lies: the bundles in dist/ and the sources in src/ are at different depths, so it is looked up. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

let found: string | null = null

export function packageRoot(): string {
  found ??= findUpwards(path.dirname(fileURLToPath(import.meta.url)))
  return found
}

function findUpwards(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error('package.json of rollproof not found above its own code')
  return findUpwards(parent)
}

/** A built program, as `programPath('load')`. */
export function programPath(
  name: 'main' | 'embedded' | 'load' | 'k6-load' | 'compare-drivers' | 'sample-app' | 'supervisor',
): string {
  return path.join(packageRoot(), 'dist', `${name}.js`)
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}
