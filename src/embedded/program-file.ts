import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The built file of another program of this package: beside the running one, above it (shared chunks), or, when the
 * sources themselves run (tests), in `dist` at the top of the repository.
 */
export function programFile(name: string, ending = '.js'): string {
  const places = [`./${name}${ending}`, `../${name}${ending}`, `../../dist/${name}${ending}`]
  const files = places.map(place => fileURLToPath(new URL(place, import.meta.url)))
  const found = files.find(file => existsSync(file))
  if (found === undefined) throw new Error(`${name}${ending} is not built: looked at ${files.join(', ')}`)
  return found
}
