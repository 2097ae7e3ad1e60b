/**
 * A kubeconfig for one cluster and one token, as text (JSON is YAML, so every client reads it). The token stands in the
 * server's path as well: kubectl sends no bearer token over plain HTTP, whatever its kubeconfig says.
 */
export function kubeconfigFor(name: string, server: string, token: string): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `${server}/token/${token}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
