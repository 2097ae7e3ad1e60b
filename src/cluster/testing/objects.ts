/** Objects that tests make on clusters. */
import type { Deployment } from '../../kube/types.ts'

/** Two pods of the sample app; they need not run for what is tested here. */
export function web(name = 'web'): Deployment {
  const labels = { app: name }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image: 'rollproof/sample-app:1' }] },
      },
    },
  }
}
