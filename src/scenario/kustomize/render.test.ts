import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { describe, expect, it } from 'vitest'
import { $ } from 'zx/core'
import { listVariants } from '../catalogue.ts'
import { formatProblems } from '../problems.ts'
import { objectKey } from './objects.ts'
import type { ManifestObject } from './objects.ts'
import { renderKustomization } from './render.ts'

$.quiet = true

const variantsFolder = fileURLToPath(new URL('../../../k8s/variants', import.meta.url))
const variants = listVariants(variantsFolder)

const withoutBudget = ['naive', 'no-signal-handler', 'shell-entrypoint', 'graceful-only', 'checklist-short']
const budgetTakenAway = ['no-pdb', 'single-replica']

function rendered(variant: string): ManifestObject[] {
  const rendering = renderKustomization(`${variantsFolder}/${variant}`)
  if (!rendering.ok) throw new Error(formatProblems(rendering.problems))
  return rendering.objects
}

/** A rendering of files that exist only in the test. */
function renderFiles(files: Record<string, string>): ReturnType<typeof renderKustomization> {
  return renderKustomization('top', file => files[file] ?? null)
}

const header = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'
const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n'

function problemsOf(rendering: ReturnType<typeof renderKustomization>): string {
  return rendering.ok ? 'no problem' : formatProblems(rendering.problems)
}

describe('the variants', () => {
  it.each(variants)('%s renders to the services, the deployments and, if it has one, the budget', variant => {
    const hasBudget = ![...withoutBudget, ...budgetTakenAway].includes(variant)
    expect(rendered(variant).map(objectKey)).toEqual([
      'v1 Service /database',
      'v1 Service /web',
      'apps/v1 Deployment /database',
      'apps/v1 Deployment /web',
      ...(hasBudget ? ['policy/v1 PodDisruptionBudget /web'] : []),
    ])
  })

  it.each(variants)('%s is what an API server accepts, as far as one field depends on another', variant => {
    const web = rendered(variant).find(
      object => objectKey(object) === 'apps/v1 Deployment /web',
    ) as unknown as Web
    const { strategy, template, selector } = web.spec
    expect(template.metadata.labels).toMatchObject(selector.matchLabels)
    if (strategy?.type === 'Recreate') expect(strategy).not.toHaveProperty('rollingUpdate')
    const { maxSurge = 1, maxUnavailable = 1 } = strategy?.rollingUpdate ?? {}
    expect(maxSurge + maxUnavailable).toBeGreaterThan(0)
    const [container] = template.spec.containers
    expect(Object.keys(container?.lifecycle?.preStop ?? { none: {} })).toHaveLength(1)
    expect(container?.lifecycle?.preStop?.sleep?.seconds ?? 1).toBeLessThanOrEqual(
      template.spec.terminationGracePeriodSeconds ?? 30,
    )
    for (const probe of [container?.livenessProbe, container?.readinessProbe])
      expect(
        ['httpGet', 'exec', 'tcpSocket'].filter(handler => handler in (probe ?? { exec: {} })),
      ).toHaveLength(1)
  })

  const kubectl = hasKubectl()
  if (!kubectl) console.warn('SKIPPED: there is no kubectl on the PATH to compare the renderings with')
  it.runIf(kubectl).each(variants)(
    '%s renders to the same objects as with kubectl kustomize',
    async variant => {
      const { stdout } = await $`kubectl kustomize ${variantsFolder}/${variant}`
      const theirs = parseAllDocuments(stdout).map(document => document.toJS() as ManifestObject)
      const byKey = (objects: ManifestObject[]): Record<string, ManifestObject> =>
        Object.fromEntries(objects.map(object => [objectKey(object), object]))
      expect(byKey(rendered(variant))).toEqual(byKey(theirs))
    },
  )
})

interface Web {
  spec: {
    selector: { matchLabels: Record<string, string> }
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number; maxUnavailable?: number } }
    template: {
      metadata: { labels: Record<string, string> }
      spec: {
        terminationGracePeriodSeconds?: number
        containers: {
          lifecycle?: { preStop?: { sleep?: { seconds: number } } }
          livenessProbe?: object
          readinessProbe?: object
        }[]
      }
    }
  }
}

function hasKubectl(): boolean {
  return $.sync({ nothrow: true })`kubectl version --client`.exitCode === 0
}

describe('what it cannot render, it refuses', () => {
  it('names a key of kustomize that it does not know, with its place', () => {
    const rendering = renderFiles({
      'top/kustomization.yaml': `${header}resources: [a.yaml]\nnamePrefix: my-\ncommonLabels:\n  a: b\n`,
      'top/a.yaml': configMap,
    })
    expect(problemsOf(rendering)).toBe(
      `top/kustomization.yaml:4:1: unknown kustomization key \`namePrefix\`
  4 | namePrefix: my-
    | ^^^^^^^^^^
    = expected one of apiVersion, kind, resources, patches
    = only these are rendered here; the output of \`kubectl kustomize\`, which knows more, can be a resource

top/kustomization.yaml:5:1: unknown kustomization key \`commonLabels\`
  5 | commonLabels:
    | ^^^^^^^^^^^^
    = expected one of apiVersion, kind, resources, patches
    = only these are rendered here; the output of \`kubectl kustomize\`, which knows more, can be a resource

2 problems in top/kustomization.yaml
`,
    )
  })

  it('reports a missing file, a folder built on itself, and a patch of nothing, all at once', () => {
    const rendering = renderFiles({
      'top/kustomization.yaml': `${header}resources:\n  - ../top\n  - a.yaml\n  - gone.yaml\npatches:\n  - path: web.yaml\n`,
      'top/a.yaml': configMap,
      'top/web.yaml': configMap.replace('settings', 'other'),
    })
    expect(problemsOf(rendering)).toBe(
      `top/kustomization.yaml:4:5: top is built on itself
  4 |   - ../top
    |     ^^^^^^

top/kustomization.yaml:6:5: there is no file top/gone.yaml, and no top/gone.yaml/kustomization.yaml
  6 |   - gone.yaml
    |     ^^^^^^^^^

top/web.yaml:1:1: nothing to patch: there is no v1 ConfigMap /other
  1 | apiVersion: v1
    | ^^^^^^^^^^^^^^

3 problems in 2 files
`,
    )
  })

  it('reports a folder without a kustomization, a directive it does not know, and an object that comes twice', () => {
    expect(problemsOf(renderFiles({}))).toContain('top/kustomization.yaml:1:1: there is no such file')
    const replace = renderFiles({
      'top/kustomization.yaml': `${header}resources: [a.yaml]\npatches:\n  - path: p.yaml\n`,
      'top/a.yaml': `${configMap}data: { x: y }\n`,
      'top/p.yaml': `${configMap}data:\n  $patch: replace\n  z: z\n`,
    })
    expect(problemsOf(replace)).toContain('top/p.yaml:6:3: unknown directive `$patch`')
    const twice = renderFiles({
      'top/kustomization.yaml': `${header}resources: [a.yaml, b.yaml]\n`,
      'top/a.yaml': configMap,
      'top/b.yaml': configMap,
    })
    expect(problemsOf(twice)).toContain(
      'top/kustomization.yaml:3:12: v1 ConfigMap /settings comes from two resources',
    )
  })
})
