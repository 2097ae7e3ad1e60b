/** A container's variables and where they come from. */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { isObject } from '../../store/json.ts'
import type { Problems } from './problems.ts'

type EnvVar = Draft<kube.EnvVar>

const nameRule =
  "a valid environment variable name must consist only of printable ASCII characters other than '='"
const podFields =
  /^(metadata\.(name|namespace|uid|labels(\['[^']+'\])?|annotations(\['[^']+'\])?)|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/
const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'] as const

export function checkEnvironment(problems: Problems, at: string, variables: EnvVar[] | undefined): void {
  variables?.forEach((variable, index) => {
    const field = `${at}.env[${index}]`
    const { name = '' } = variable
    if (name === '') problems.required(`${field}.name`)
    else if (!isVariableName(name)) problems.invalid(`${field}.name`, name, nameRule)
    checkValueFrom(problems, `${field}.valueFrom`, variable)
  })
}

function checkValueFrom(problems: Problems, field: string, { value = '', valueFrom }: EnvVar): void {
  if (valueFrom === undefined) return
  if (value !== '') {
    problems.invalid(field, '', 'may not be specified when `value` is not empty')
    return
  }
  const given = sources.filter(source => valueFrom[source] !== undefined)
  if (given.length === 0)
    problems.invalid(
      field,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
    )
  if (given.length > 1) problems.invalid(field, '', 'may not have more than one field specified at a time')
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom
  if (fieldRef !== undefined)
    checkFieldPath(problems, `${field}.fieldRef.fieldPath`, fieldRef.fieldPath ?? '')
  if (configMapKeyRef !== undefined) checkKey(problems, `${field}.configMapKeyRef`, configMapKeyRef)
  if (secretKeyRef !== undefined) checkKey(problems, `${field}.secretKeyRef`, secretKeyRef)
}

function checkFieldPath(problems: Problems, field: string, path: string): void {
  if (path === '') problems.required(field)
  else if (!podFields.test(path))
    problems.invalid(field, path, `error converting fieldPath: field label not supported: ${path}`)
}

function checkKey(problems: Problems, field: string, { key = '' }: { key?: string | undefined }): void {
  if (key === '') problems.required(`${field}.key`)
  else checkConfigKey(problems, `${field}.key`, key)
}

export function checkEnvironmentSources(problems: Problems, at: string, container: object): void {
  const list = (container as { envFrom?: unknown }).envFrom
  if (!Array.isArray(list)) return
  list.forEach((source: unknown, index) => {
    const field = `${at}.envFrom[${index}]`
    const { prefix, configMapRef, secretRef } = isObject(source) ? source : {}
    if (typeof prefix === 'string' && prefix !== '' && !isVariableName(prefix))
      problems.invalid(`${field}.prefix`, prefix, nameRule)
    for (const [name, reference] of Object.entries({ configMapRef, secretRef }))
      if (isObject(reference) && (reference['name'] ?? '') === '') problems.required(`${field}.${name}.name`)
    // The list is named here, not the item: so Kubernetes says it.
    if (configMapRef === undefined && secretRef === undefined)
      problems.invalid(`${at}.envFrom`, '', 'must specify one of: `configMapRef` or `secretRef`')
    if (configMapRef !== undefined && secretRef !== undefined)
      problems.invalid(`${at}.envFrom`, '', 'may not have more than one field specified at a time')
  })
}

function isVariableName(name: string): boolean {
  return /^[\x20-\x7e]+$/.test(name) && !name.includes('=')
}

const configKeyRule =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

/** Keys of ConfigMaps and Secrets are file names. */
export function checkConfigKey(problems: Problems, field: string, key: string): void {
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) problems.invalid(field, key, configKeyRule)
  else if (key === '.') problems.invalid(field, key, "must not be '.'")
  else if (key === '..') problems.invalid(field, key, "must not be '..'")
  else if (key.startsWith('..')) problems.invalid(field, key, "must not start with '..'")
}
