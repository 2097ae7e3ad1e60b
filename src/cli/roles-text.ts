/** Roles as YAML, a rule on a line. */
import { Document, isScalar, visit } from 'yaml'
import { rolesFor, type Right } from '../cluster/rbac.ts'

export function rolesText(rights: readonly Right[], namespace: string): string {
  return rolesFor(rights, namespace)
    .map(role => {
      const document = new Document(role)
      visit(document, {
        Seq(_, list) {
          if (list.items.every(item => isScalar(item))) list.flow = true
        },
      })
      return document.toString({ lineWidth: 0, flowCollectionPadding: false })
    })
    .join('---\n')
}
