/** `--context` and the flags that go with it, from the command line to what they mean. */
import { sampleAppImages } from '../cluster/images.ts'
import type { ImageNames } from '../cluster/made-by-run.ts'
import type { Doings } from '../cluster/rbac.ts'
import type { LoadSource } from '../model/remote-load.ts'
import type { Experiment } from '../run/experiment.ts'
import { UsageError } from './exit-code.ts'

export interface ContextOptions {
  context?: string
  kubeconfig?: string
  namespace?: string
  image?: string[]
  allowDrain?: boolean
  dryRun?: boolean
  loadFrom?: LoadSource
}

/** True when the run is to take place on a cluster of the kubeconfig. */
export function meansContext({ context, kubeconfig, ...others }: ContextOptions): boolean {
  if (context !== undefined || kubeconfig !== undefined) return true
  const flags = {
    namespace: '-n',
    image: '--image',
    allowDrain: '--allow-drain',
    dryRun: '--dry-run',
  } as const
  const lonely = Object.entries(flags).flatMap(([name, flag]) =>
    others[name as keyof typeof flags] === undefined ? [] : [flag],
  )
  if (lonely.length > 0)
    throw new UsageError(`${lonely.join(', ')}: only on a cluster that is named: --context NAME`)
  return false
}

/** `IMAGE` stands for the sample app's; `NAME=IMAGE` for any image that the manifests name. */
export function imageNames(written: readonly string[]): ImageNames {
  const [sampleApp = ''] = Object.keys(sampleAppImages())
  return Object.fromEntries(
    written.map(text => {
      const [name = '', image = ''] = text.includes('=') ? text.split('=') : [sampleApp, text]
      if (name === '' || image === '') throw new UsageError(`--image ${text}: expected IMAGE, or NAME=IMAGE`)
      return [name, image]
    }),
  )
}

/** What the experiments will do to a cluster. */
export function doingsOf(experiments: readonly Experiment[]): Omit<Doings, 'ownNamespace'> {
  return {
    objects: experiments.flatMap(({ objects }) => objects),
    cordons: experiments.some(({ scenario }) => scenario.placement !== 'spread'),
    drains: experiments.some(({ plan }) => plan.disruption === 'drain'),
  }
}
