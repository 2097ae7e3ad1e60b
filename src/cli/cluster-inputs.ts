/** The flags of `rollproof cluster up`: the same inputs, and limits, as under `cluster:` in a scenario. */
import type { AddressMode } from '../model/embedded-cluster.ts'
import type { ClusterInputs } from '../model/scenario.ts'
import { clusterInputsWithDefaults } from '../scenario/defaults.ts'
import { clusterSchema } from '../scenario/schema.ts'
import { UsageError } from './exit-code.ts'

export interface ClusterUpOptions {
  nodes?: string
  kubernetesMinor?: string
  roundTripMs?: string
  proxyLagMs?: string
  proxyJitterMs?: string
  addresses?: AddressMode
  /** A file's name; not an input under `cluster:`. */
  images?: string
}

const flags = {
  nodes: '--nodes',
  kubernetesMinor: '--kubernetes-minor',
  roundTripMs: '--round-trip-ms',
  proxyLagMs: '--proxy-lag-ms',
  proxyJitterMs: '--proxy-jitter-ms',
} as const satisfies Partial<Record<keyof ClusterUpOptions, string>>

export function clusterInputs(options: ClusterUpOptions): ClusterInputs {
  const numbers = Object.keys(flags).flatMap(name => {
    const text = options[name as keyof typeof flags]
    return text === undefined ? [] : [[name, text.includes('=') ? byNode(text) : numberIn(text)] as const]
  })
  const { addresses } = options
  const written = { ...Object.fromEntries(numbers), ...(addresses === undefined ? {} : { addresses }) }
  const checked = clusterSchema.safeParse(written)
  if (checked.success) return clusterInputsWithDefaults(checked.data)
  const [issue] = checked.error.issues
  const flag = flags[String(issue?.path[0]) as keyof typeof flags]
  throw new UsageError(`${flag}: expected ${issue?.message ?? 'something else'}`)
}

function byNode(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(',').map(part => {
      const [node = '', value = ''] = part.split('=')
      return [node.trim(), numberIn(value)]
    }),
  )
}

/** Nothing at all is not 0. */
function numberIn(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}
