/**
 * Where the runs were made, as one table: the value that most runs share, and the runs that differ. Rule 10: a modelled
 * cluster says so, with every setting of the model.
 */
import type { Analysis } from '../analysis/analysis.ts'
import type { ClusterFacts } from '../model/recording.ts'
import { blocks, code, table } from './markdown-text.ts'

export function clusterSection(analyses: readonly Analysis[]): string[] {
  if (analyses.length === 0) return []
  const facts = analyses.map(({ name, cluster }) => ({ name, values: factsOf(cluster) }))
  const labels = [...new Set(facts.flatMap(({ values }) => [...values.keys()]))]
  const rows = labels.map(label => {
    const [common = '–', ...others] = valuesByFrequency(facts.map(({ values }) => values.get(label)))
    const except = others.map(value => {
      const names = facts.filter(({ values }) => values.get(label) === value).map(({ name }) => code(name))
      return `${value} in ${names.join(', ')}`
    })
    return [label, common, except.join('; ')]
  })
  const modelled = analyses.some(({ cluster }) => cluster.modelled) ? [modelNotice] : []
  return blocks(['## Cluster'], modelled, table(['', 'value', 'except'], rows))
}

const modelNotice =
  '**Modelled**: pods of the embedded cluster are real processes with real sockets and signals; controllers, kubelets ' +
  'and kube-proxies are a model of Kubernetes with the settings below. The same scenario runs unchanged on a real cluster.'

function factsOf({
  kind,
  modelled,
  kubernetesVersion,
  nodes,
  vantage,
  settings,
}: ClusterFacts): Map<string, string> {
  return new Map([
    ['cluster', modelled ? `${kind} (modelled)` : kind],
    ['Kubernetes', code(kubernetesVersion)],
    ['nodes', nodes.map(code).join(', ')],
    ['load from', code(vantage)],
    ...Object.keys(settings)
      .sort()
      .map((key): [string, string] => [code(key), code(String(settings[key]))]),
  ])
}

function valuesByFrequency(values: readonly (string | undefined)[]): string[] {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value)
}
