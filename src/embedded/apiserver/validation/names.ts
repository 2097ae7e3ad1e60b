/** The syntax of names, label keys and label values. */
import type { KubeObject } from '../../../kube/types.ts'
import type { ResourceName } from '../../cluster-api.ts'
import type { Problems } from './problems.ts'

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const portName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const label1035Rule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"

export function isLabel(name: string): boolean {
  return name.length <= 63 && label.test(name)
}

export function checkLabelName(problems: Problems, field: string, name: string): void {
  if (name === '') problems.required(field)
  else if (!isLabel(name)) problems.invalid(field, name, labelRule)
}

export function checkPortName(problems: Problems, field: string, name: string): void {
  const sound = name.length <= 15 && portName.test(name) && /[a-z]/.test(name) && !name.includes('--')
  if (!sound)
    problems.invalid(
      field,
      name,
      'must be a valid port name: at most 15 of a-z, 0-9 and -, at least one letter',
    )
}

export function checkMetadata(problems: Problems, resource: ResourceName, { metadata }: KubeObject): void {
  const { name } = metadata
  if (name === '') problems.required('metadata.name', 'name or generateName is required')
  else checkName(problems, resource, name)
  checkLabels(problems, 'metadata.labels', metadata.labels)
  for (const key of Object.keys(metadata.annotations ?? {}))
    if (!isQualifiedName(key.toLowerCase()))
      problems.invalid('metadata.annotations', key, 'name part is not valid')
}

function checkName(problems: Problems, resource: ResourceName, name: string): void {
  const [rule, text, limit] =
    resource === 'services'
      ? ([label1035, label1035Rule, 63] as const)
      : resource === 'namespaces'
        ? ([label, labelRule, 63] as const)
        : ([subdomain, subdomainRule, 253] as const)
  if (name.length > limit) problems.invalid('metadata.name', name, `must be no more than ${limit} characters`)
  else if (!rule.test(name)) problems.invalid('metadata.name', name, text)
}

export function checkLabels(
  problems: Problems,
  field: string,
  labels: Record<string, string> | undefined,
): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isQualifiedName(key))
      problems.invalid(field, key, 'name part must consist of alphanumeric characters, - _ or .')
    if (!isLabelValue(value))
      problems.invalid(
        field,
        value,
        'a valid label must be an empty string or consist of alphanumeric characters, - _ or .',
      )
  }
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= 63 && qualified.test(value))
}

export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/')
  const name = key.slice(slash + 1)
  const prefix = slash < 0 ? null : key.slice(0, slash)
  if (prefix !== null && (prefix.length > 253 || !subdomain.test(prefix))) return false
  return name.length <= 63 && qualified.test(name)
}
