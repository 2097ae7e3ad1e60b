/** The load on a context. On the embedded cluster, reached by a kubeconfig, it starts here, as everywhere on a model. */
import type { LoadTarget } from '../model/load.ts'
import type { LoadStarter } from './context.ts'
import { embeddedFacts } from './context-facts.ts'
import { startLocalLoad } from './load-process.ts'

/** `onReal` is for every other cluster. */
export function startLoadOnContext(onReal: LoadStarter): LoadStarter {
  return async (place, order, service, observer) => {
    const { client, clock, namespace } = place
    const facts = await embeddedFacts(client)
    if (facts === null) return onReal(place, order, service, observer)
    const { origin, pathname } = new URL(client.server)
    const target: LoadTarget = {
      kind: 'forwarding',
      url: `${origin}/rollproof/v1/nodes/${facts.vantage}/forwarding`,
      // Its kubeconfigs carry the token in the path as well.
      token: /^\/token\/([^/]+)/.exec(pathname)?.[1] ?? '',
      service: `${namespace}/${service.name}:${service.port}`,
    }
    return startLocalLoad({ ...order, target }, clock, observer)
  }
}
