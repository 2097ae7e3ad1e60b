/** What a cluster tells of itself. The embedded one, met through a kubeconfig, says that it is a model. */
import { KubeApiError } from '../kube/api-error.ts'
import type { KubeReader } from '../kube/client.ts'
import type { KubeObject, Node } from '../kube/types.ts'
import type { EmbeddedFacts } from '../model/embedded-cluster.ts'
import type { ClusterFacts } from '../model/recording.ts'

export interface ContextFacts {
  facts: ClusterFacts
  /** It publishes forwarding tables and the steps of containers. */
  embedded: boolean
}

export async function readFacts(client: KubeReader, kind: 'kind' | 'context'): Promise<ContextFacts> {
  const { gitVersion } = await client.request<{ gitVersion: string }>('GET', '/version')
  const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const nodes = items.map(({ metadata }) => metadata.name).sort()
  const model = await embeddedFacts(client)
  const { vantage, settings } = model ?? { vantage: 'none', settings: {} }
  const modelled = model !== null
  return {
    facts: { kind, modelled, kubernetesVersion: gitVersion, nodes, vantage, settings },
    embedded: modelled,
  }
}

/** Null where it is no embedded cluster: other servers refuse the path in one way or another. */
export async function embeddedFacts(client: KubeReader): Promise<EmbeddedFacts | null> {
  try {
    const facts = await client.request<Partial<EmbeddedFacts>>('GET', '/rollproof/v1/facts')
    return facts.vantage === undefined || facts.settings === undefined ? null : (facts as EmbeddedFacts)
  } catch (error) {
    if (error instanceof KubeApiError || error instanceof SyntaxError) return null
    throw error
  }
}

/** The namespace kube-system lives as long as the cluster. Null where it may not be read. */
export async function clusterUidOf(client: KubeReader): Promise<string | null> {
  try {
    const { metadata } = await client.request<KubeObject>('GET', '/api/v1/namespaces/kube-system')
    return metadata.uid ?? null
  } catch (error) {
    if (error instanceof KubeApiError) return null
    throw error
  }
}
