/** The syntax of names, label keys and label values. */
import type { KubeObject } from '../../../kube/types.ts'
import type { ResourceName } from '../../cluster-api.ts'
import type { Problems } from './problems.ts'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/

// Kubernetes's own words, expressions included.
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const label1035Rule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const nameRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const qualifiedRule = `a qualified name ${nameRule}`
const prefixRule = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
const labelValueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

export function isLabel(name: string): boolean {
  return name.length <= 63 && label.test(name)
}

export function checkLabelName(problems: Problems, field: string, name: string): void {
  if (name === '') problems.required(field)
  else if (!isLabel(name)) problems.invalid(field, name, labelRule)
}

export function checkPortName(problems: Problems, field: string, name: string): void {
  if (name.length > 15) problems.invalid(field, name, 'must be no more than 15 characters')
  if (!/^[-a-z0-9]+$/.test(name))
    problems.invalid(field, name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(name)) problems.invalid(field, name, 'must contain at least one letter (a-z)')
  if (name.includes('--')) problems.invalid(field, name, 'must not contain consecutive hyphens')
  if (name.startsWith('-') || name.endsWith('-'))
    problems.invalid(field, name, 'must not begin or end with a hyphen')
}

export function checkMetadata(problems: Problems, resource: ResourceName, { metadata }: KubeObject): void {
  const { name, generateName = '' } = metadata
  if (generateName !== '')
    checkName(problems, resource, generateName.replace(/-$/, ''), 'metadata.generateName', generateName)
  if (name === '') problems.required('metadata.name', 'name or generateName is required')
  else checkName(problems, resource, name)
  checkLabels(problems, 'metadata.labels', metadata.labels)
  for (const key of Object.keys(metadata.annotations ?? {}))
    for (const problem of labelKeyProblems(key.toLowerCase()))
      problems.invalid('metadata.annotations', key, problem)
  for (const { kind, name: owner, uid } of metadata.ownerReferences ?? [])
    for (const [field, value] of Object.entries({ kind, name: owner, uid }))
      if (((value as string | undefined) ?? '') === '')
        problems.invalid(`metadata.ownerReferences.${field}`, '', 'must not be empty')
  checkFinalizerNames(problems, metadata.finalizers ?? [])
}

const standardFinalizers = ['kubernetes', 'orphan', 'foregroundDeletion']

function checkFinalizerNames(problems: Problems, finalizers: string[]): void {
  for (const finalizer of finalizers)
    for (const problem of labelKeyProblems(finalizer))
      problems.invalid('metadata.finalizers', finalizer, problem)
  finalizers.forEach((finalizer, index) => {
    if (!finalizer.includes('/') && !standardFinalizers.includes(finalizer))
      problems.invalid(
        `metadata.finalizers[${index}]`,
        finalizer,
        'name is neither a standard finalizer name nor is it fully qualified',
      )
  })
}

/** Roles may be named as their makers like, but for the two characters that a path cannot hold. */
const pathNames: readonly ResourceName[] = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']

function checkName(
  problems: Problems,
  resource: ResourceName,
  name: string,
  field = 'metadata.name',
  shown = name,
): void {
  if (pathNames.includes(resource)) {
    for (const character of ['/', '%'])
      if (name.includes(character)) problems.invalid(field, shown, `may not contain '${character}'`)
    return
  }
  const [rule, text, limit] =
    resource === 'services'
      ? ([label1035, label1035Rule, 63] as const)
      : resource === 'namespaces'
        ? ([label, labelRule, 63] as const)
        : ([subdomain, subdomainRule, 253] as const)
  if (name.length > limit) problems.invalid(field, shown, `must be no more than ${limit} characters`)
  else if (!rule.test(name)) problems.invalid(field, shown, text)
}

export function checkLabels(
  problems: Problems,
  field: string,
  labels: Record<string, string> | undefined,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const problem of labelKeyProblems(key)) problems.invalid(field, key, problem)
    const problem = labelValueProblem(value)
    if (problem !== null) problems.invalid(field, value, problem)
  }
}

/** Null when the value may stand in a label. */
export function labelValueProblem(value: string): string | null {
  if (value.length > 63) return 'must be no more than 63 characters'
  return value === '' || qualified.test(value) ? null : labelValueRule
}

/** Null when the key may stand in a label. */
export function labelKeyProblem(key: string): string | null {
  return labelKeyProblems(key)[0] ?? null
}

export function labelKeyProblems(key: string): string[] {
  const parts = key.split('/')
  if (parts.length > 2) return [`${qualifiedRule} ${prefixRule}`]
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? (parts[0] ?? '') : null
  const problems: string[] = []
  if (prefix === '') problems.push('prefix part must be non-empty')
  else if (prefix !== null) problems.push(...subdomainProblems(prefix).map(text => `prefix part ${text}`))
  if (name === '') problems.push('name part must be non-empty')
  else if (name.length > 63) problems.push('name part must be no more than 63 characters')
  if (!qualified.test(name)) problems.push(`name part ${nameRule}`)
  return problems
}

export function subdomainProblems(text: string): string[] {
  const problems: string[] = []
  if (text.length > 253) problems.push('must be no more than 253 characters')
  if (!subdomain.test(text)) problems.push(subdomainRule)
  return problems
}
