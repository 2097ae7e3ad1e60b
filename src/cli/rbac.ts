/** `rollproof rbac`: the rights that a run on a shared cluster needs, for whoever grants them. */
import { stringify } from 'yaml'
import { rightsFor, rolesFor } from '../cluster/rbac.ts'
import { readCatalogueObjects } from './choose.ts'
import type { ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

export interface RbacOptions {
  namespace: string
  allowDrain?: boolean
}

/** For the catalogue's manifests; other kinds in a user's own are told by `run`, should they be missing. */
export function rbacCommand({ namespace, allowDrain = false }: RbacOptions, { stdout }: Streams): ExitCode {
  const objects = readCatalogueObjects()
  const rights = rightsFor({ objects, ownNamespace: false, cordons: allowDrain, drains: allowDrain })
  const bind = [
    '# Grant it to a user, for instance:',
    `#   kubectl -n ${namespace} create rolebinding rollproof --role=rollproof --user=NAME`,
    '#   kubectl create clusterrolebinding rollproof --clusterrole=rollproof --user=NAME',
    '',
  ]
  stdout.write(
    bind.join('\n') +
      rolesFor(rights, namespace)
        .map(role => stringify(role))
        .join('---\n'),
  )
  return 0
}
