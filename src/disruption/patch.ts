/** client-node sends patches as JSON patches unless told otherwise. Imported lazily, as in kube/client.ts. */
import type { ConfigurationOptions } from '@kubernetes/client-node'

export async function mergePatch(): Promise<ConfigurationOptions> {
  const { PatchStrategy, setHeaderOptions } = await import('@kubernetes/client-node')
  return setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
}
