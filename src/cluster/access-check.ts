/** Which of the rights are missing: all at once, before anything is touched. */
import type { KubeClient } from '../kube/client.ts'
import type { Right } from './rbac.ts'

interface ResourceRule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
}

/**
 * One review tells all rules that hold in a namespace. What it does not confirm is asked one by one: an authorizer need
 * not list its rules, and what lies in no namespace is not answered for by it.
 */
export async function missingRights(
  client: KubeClient,
  rights: readonly Right[],
  namespace: string | null,
): Promise<Right[]> {
  const known = namespace === null ? [] : await rulesIn(client, namespace)
  const missing: Right[] = []
  for (const right of rights) {
    const lacking: string[] = []
    for (const verb of right.verbs) {
      if (right.scope === 'namespace' && known.some(rule => grants(rule, right, verb))) continue
      if (!(await isAllowed(client, right, verb, namespace))) lacking.push(verb)
    }
    if (lacking.length > 0) missing.push({ ...right, verbs: lacking })
  }
  return missing
}

async function rulesIn(client: KubeClient, namespace: string): Promise<ResourceRule[]> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  }
  const { status } = await client.request<{ status: { resourceRules?: ResourceRule[] } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    { body },
  )
  return status.resourceRules ?? []
}

/** `*` stands for all; a rule for named objects alone does not do. */
function grants(rule: ResourceRule, { group, resource }: Right, verb: string): boolean {
  const { verbs, apiGroups = [], resources = [], resourceNames = [] } = rule
  const has = (list: readonly string[], name: string): boolean => list.includes('*') || list.includes(name)
  return resourceNames.length === 0 && has(verbs, verb) && has(apiGroups, group) && has(resources, resource)
}

async function isAllowed(
  client: KubeClient,
  { group, resource: full, scope }: Right,
  verb: string,
  namespace: string | null,
): Promise<boolean> {
  const [resource = '', subresource] = full.split('/')
  const place = scope === 'namespace' && namespace !== null ? { namespace } : {}
  const resourceAttributes = {
    ...place,
    group,
    resource,
    verb,
    ...(subresource === undefined ? {} : { subresource }),
  }
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  }
  const { status } = await client.request<{ status: { allowed: boolean } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    { body },
  )
  return status.allowed
}
