/** Which container of a pod a request means, in the words of a real server (kubernetes pkg/registry/core/pod/strategy.go). */
import type { Pod } from '../../../kube/types.ts'
import { badRequest } from '../api-errors.ts'

/** `wanted` may be '' where there is no choice. */
export function chooseContainer({ metadata, spec }: Pod, wanted: string): string {
  const names = spec.containers.map(({ name }) => name)
  const all = [...(spec.initContainers ?? []).map(({ name }) => name), ...names]
  if (wanted !== '') {
    if (all.includes(wanted)) return wanted
    throw badRequest(`container ${wanted} is not valid for pod ${metadata.name}`)
  }
  const [only, ...others] = names
  if (only !== undefined && others.length === 0) return only
  const choice = `choose one of: [${all.join(' ')}]`
  throw badRequest(`a container name must be specified for pod ${metadata.name}, ${choice}`)
}
