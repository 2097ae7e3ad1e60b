/**
 * The part of kustomize that our folders use: `resources` and strategic-merge `patches`. Every other key is refused by
 * its name, since leaving it out in silence would deploy something else than `kubectl apply -k` does.
 */
import { z } from 'zod'
import type { Document } from 'yaml'
import { explainIssues } from '../explain.ts'
import type { Problem } from '../problems.ts'
import { openYaml, problemAt } from '../yaml-source.ts'
import type { YamlSource } from '../yaml-source.ts'

/** An unknown key here may well be one of kustomize's own. */
const KUBECTL_KNOWS_MORE =
  'only these are rendered here; the output of `kubectl kustomize`, which knows more, can be a resource'

const path = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what })

const kustomizationSchema = z
  .strictObject(
    {
      apiVersion: z.literal('kustomize.config.k8s.io/v1beta1', { error: 'kustomize.config.k8s.io/v1beta1' }),
      kind: z.literal('Kustomization', { error: 'Kustomization' }),
      resources: z.array(path('a file or folder'), { error: 'a list of files and folders' }),
      patches: z
        .array(
          z
            .strictObject(
              { path: path('a file').optional(), patch: path('a patch as text').optional() },
              { error: '`path: file` or `patch: |-` with the patch below' },
            )
            .meta({ noun: 'key of a patch', otherwise: KUBECTL_KNOWS_MORE }),
          { error: 'a list of patches' },
        )
        .optional(),
    },
    { error: 'a kustomization' },
  )
  .meta({ noun: 'kustomization key', otherwise: KUBECTL_KNOWS_MORE })

export interface Kustomization {
  source: YamlSource
  document: Document
  resources: string[]
  patches: { path?: string | undefined; patch?: string | undefined }[]
}

export type ReadKustomization =
  { ok: true; kustomization: Kustomization } | { ok: false; problems: Problem[] }

export function readKustomization(text: string, file: string): ReadKustomization {
  const source = openYaml(text, file)
  const [document] = source.documents
  if (source.problems.length > 0) return { ok: false, problems: source.problems }
  if (document === undefined || document.contents === null)
    return {
      ok: false,
      problems: [problemAt(source, [0, 1], 'the file is empty', { expected: 'a kustomization' })],
    }

  const value: unknown = document.toJS()
  const shape = kustomizationSchema.safeParse(value)
  if (!shape.success) {
    const about = { source, document, schema: kustomizationSchema, value }
    return { ok: false, problems: explainIssues(about, shape.error.issues) }
  }
  const { resources, patches = [] } = shape.data
  return { ok: true, kustomization: { source, document, resources, patches } }
}
