/** Kubernetes's own sentences about its types, which the build takes out of a package (scripts/descriptions.mjs). */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Descriptions {
  types: Partial<Record<string, Partial<Record<string, string>>>>
}

let read: Descriptions | null = null

/** '' when the package has none. An empty field name asks about the type itself. */
export function descriptionOf(type: string, field: string): string {
  read ??= JSON.parse(readFileSync(descriptionsFile(), 'utf8')) as Descriptions
  return read.types[type]?.[field] ?? ''
}

/** Beside the program, above it (shared chunks), or, when the sources themselves run (tests), in `dist`. */
function descriptionsFile(): string {
  const places = ['./', '../', '../../../../dist/']
  const files = places.map(place => fileURLToPath(new URL(`${place}descriptions.json`, import.meta.url)))
  const found = files.find(file => existsSync(file))
  if (found === undefined) throw new Error(`descriptions.json is not built: looked at ${files.join(', ')}`)
  return found
}
