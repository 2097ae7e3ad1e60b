/**
 * `kubectl kustomize` for our folders, so that a run needs no kubectl. A test compares the two for every variant.
 * Reading goes through one function, which tests replace by a table of files.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { isRecord } from '../explain.ts'
import type { Problem } from '../problems.ts'
import { keySpan, openYaml, problemAt, valueSpan } from '../yaml-source.ts'
import type { Path } from '../yaml-source.ts'
import { readKustomization } from './kustomization.ts'
import type { Kustomization } from './kustomization.ts'
import { byKindThenName, objectKey } from './objects.ts'
import type { ManifestObject } from './objects.ts'
import { isDeletion, strategicMerge, unknownDirectives } from './strategic-merge.ts'

export type Rendering = { ok: true; objects: ManifestObject[] } | { ok: false; problems: Problem[] }

/** The text of a file, or null when there is none. */
export type ReadText = (file: string) => string | null

const KUSTOMIZATION = 'kustomization.yaml'

export function renderKustomization(folder: string, read: ReadText = readFile): Rendering {
  return rendered(renderer => renderer.folder(normalize(folder), []), read)
}

/** The user's own: a kustomize folder, a folder of YAML files, or one such file. */
export function renderManifests(place: string, read: ReadText = readFile): Rendering {
  if (!isFolder(place)) return rendered(renderer => renderer.file(place), read)
  if (read(join(place, KUSTOMIZATION)) !== null) return renderKustomization(place, read)
  const files = readdirSync(place)
    .filter(name => /\.ya?ml$/.test(name))
    .sort()
  return rendered(renderer => files.flatMap(name => renderer.file(join(place, name))), read)
}

function rendered(render: (renderer: Renderer) => ManifestObject[], read: ReadText): Rendering {
  const renderer = new Renderer(read)
  const objects = render(renderer).sort(byKindThenName)
  return renderer.problems.length > 0 ? { ok: false, problems: renderer.problems } : { ok: true, objects }
}

function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true
}

function readFile(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

/** Collects the problems of all folders on the way. After a problem, its objects are left out. */
class Renderer {
  readonly problems: Problem[] = []
  readonly #read: ReadText

  constructor(read: ReadText) {
    this.#read = read
  }

  folder(folder: string, outer: readonly string[]): ManifestObject[] {
    const file = join(folder, KUSTOMIZATION)
    const text = this.#read(file)
    const read = text === null ? missing(file) : readKustomization(text, file)
    if (!read.ok) {
      this.problems.push(...read.problems)
      return []
    }
    const { kustomization } = read
    const objects = kustomization.resources.flatMap((resource, index) =>
      this.#resource(kustomization, ['resources', index], join(folder, resource), [...outer, folder]),
    )
    this.#refuseTwins(kustomization, objects)
    return this.#patched(kustomization, folder, objects)
  }

  file(file: string): ManifestObject[] {
    const text = this.#read(file)
    if (text !== null) return this.#objects(text, file)
    this.problems.push(...missing(file).problems)
    return []
  }

  #resource(from: Kustomization, at: Path, resource: string, outer: readonly string[]): ManifestObject[] {
    if (this.#read(join(resource, KUSTOMIZATION)) !== null) {
      if (!outer.includes(resource)) return this.folder(resource, outer)
      this.#refuse(from, at, `${resource} is built on itself`)
      return []
    }
    const text = this.#read(resource)
    if (text !== null) return this.#objects(text, resource)
    this.#refuse(from, at, `there is no file ${resource}, and no ${join(resource, KUSTOMIZATION)}`)
    return []
  }

  /** Of a manifest with any number of documents. */
  #objects(text: string, file: string): ManifestObject[] {
    const source = openYaml(text, file)
    this.problems.push(...source.problems)
    if (source.problems.length > 0) return []
    return source.documents.flatMap(document => {
      const value: unknown = document.toJS()
      if (value === null) return []
      if (isManifestObject(value)) return [value]
      const expected = '`apiVersion`, `kind` and `metadata.name`'
      this.problems.push(problemAt(source, valueSpan(document, []), 'not a Kubernetes object', { expected }))
      return []
    })
  }

  #patched(from: Kustomization, folder: string, objects: ManifestObject[]): ManifestObject[] {
    return from.patches.reduce((patched, { path, patch }, index) => {
      const at: Path = ['patches', index]
      if ((path === undefined) === (patch === undefined)) {
        this.#refuse(from, at, 'a patch is either a file or a text', '`path` or `patch`')
        return patched
      }
      const file = path === undefined ? null : join(folder, path)
      const text = file === null ? patch : this.#read(file)
      if (text === null || text === undefined) {
        this.#refuse(from, [...at, 'path'], `there is no file ${String(file)}`)
        return patched
      }
      return this.#merged(from, at, text, file, patched)
    }, objects)
  }

  #merged(
    from: Kustomization,
    at: Path,
    text: string,
    file: string | null,
    objects: ManifestObject[],
  ): ManifestObject[] {
    // A patch that stands in the kustomization has no lines of its own, so its problems are shown where it begins.
    const inner = file === null ? null : openYaml(text, file)
    const source = inner ?? openYaml(text, from.source.file)
    const refuse = (path: Path, message: string, expected: string | null = null): void => {
      const [document] = source.documents
      if (inner === null || document === undefined) this.#refuse(from, at, message, expected)
      else this.problems.push(problemAt(inner, keySpan(document, path), message, { expected }))
    }
    const [broken] = source.problems
    if (broken !== undefined) {
      if (inner === null) refuse([], `in this patch: ${broken.message}`, broken.expected)
      else this.problems.push(...source.problems)
      return objects
    }

    const patch: unknown = source.documents[0]?.toJS()
    if (!isManifestObject(patch) || source.documents.length > 1) {
      refuse(
        [],
        'not a patch of one Kubernetes object',
        '`apiVersion`, `kind`, `metadata.name` and what changes',
      )
      return objects
    }
    const directives = unknownDirectives(patch)
    for (const path of directives)
      refuse(
        path,
        `unknown directive \`${String(path.at(-1))}\``,
        '`$patch: delete` on an object or on an item with a merge key',
      )
    const key = objectKey(patch)
    if (!objects.some(object => objectKey(object) === key)) refuse([], `nothing to patch: there is no ${key}`)
    if (directives.length > 0) return objects
    return objects.flatMap(object => {
      if (objectKey(object) !== key) return [object]
      const merged = isDeletion(patch) ? null : strategicMerge(object, patch)
      return isManifestObject(merged) ? [merged] : []
    })
  }

  #refuseTwins(from: Kustomization, objects: readonly ManifestObject[]): void {
    const seen = new Set<string>()
    for (const key of objects.map(objectKey)) {
      if (seen.has(key)) this.#refuse(from, ['resources'], `${key} comes from two resources`)
      seen.add(key)
    }
  }

  #refuse(from: Kustomization, at: Path, message: string, expected: string | null = null): void {
    this.problems.push(problemAt(from.source, valueSpan(from.document, at), message, { expected }))
  }
}

function missing(file: string): { ok: false; problems: Problem[] } {
  return { ok: false, problems: [problemAt(openYaml('', file), [0, 1], 'there is no such file')] }
}

function isManifestObject(value: unknown): value is ManifestObject {
  if (!isRecord(value) || typeof value['apiVersion'] !== 'string' || typeof value['kind'] !== 'string')
    return false
  return isRecord(value['metadata']) && typeof value['metadata']['name'] === 'string'
}
