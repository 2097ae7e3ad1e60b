/** A file with `images:` alone, as `cluster up --images` takes it: the same map as in a scenario. */
import { dirname } from 'node:path'
import { z } from 'zod'
import type { ImageContents } from '../model/embedded-cluster.ts'
import { explainIssues } from './explain.ts'
import { imagesSchema, resolveImages } from './images.ts'
import { byPosition, type Problem } from './problems.ts'
import { openYaml, problemAt, valueSpan } from './yaml-source.ts'

const imagesFileSchema = z
  .strictObject({ images: imagesSchema }, { error: 'a map with the key `images`' })
  .meta({ noun: 'key' })

export type ParsedImages =
  { ok: true; images: Record<string, ImageContents> } | { ok: false; problems: Problem[] }

export function parseImagesFile(text: string, file: string): ParsedImages {
  const source = openYaml(text, file)
  if (source.problems.length > 0) return { ok: false, problems: source.problems }
  const [document] = source.documents
  if (document === undefined || document.contents === null)
    return {
      ok: false,
      problems: [problemAt(source, [0, 1], 'the file is empty', { expected: '`images:`' })],
    }
  const value: unknown = document.toJS()
  const shape = imagesFileSchema.safeParse(value)
  if (!shape.success) {
    const about = { source, document, schema: imagesFileSchema, value }
    return { ok: false, problems: explainIssues(about, shape.error.issues) }
  }
  const { images, problems } = resolveImages(shape.data.images, dirname(file), ['images'])
  if (problems.length === 0) return { ok: true, images }
  const shown = problems.map(({ path, message, advice }) =>
    problemAt(source, valueSpan(document, path), message, advice),
  )
  return { ok: false, problems: shown.sort(byPosition) }
}
