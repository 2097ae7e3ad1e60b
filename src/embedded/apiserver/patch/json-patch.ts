/** RFC 6902 over a JSON document of our own: the document is copied first, so a patch that fails half way leaves no trace. */
import type { Json } from '../../store/json.ts'
import { copyJson, isObject, sameJson } from '../../store/json.ts'
import { badRequest, failure } from '../api-errors.ts'
import type { ApiError } from '../../cluster-api.ts'

interface Step {
  op: string
  path: string[]
  from: string[]
  value: Json | undefined
}

export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    )
  let root = copyJson(target)
  for (const step of patch.map(parseStep)) root = applyStep(root, step)
  return root
}

function parseStep(step: Json): Step {
  if (!isObject(step) || typeof step['op'] !== 'string' || typeof step['path'] !== 'string')
    throw badRequest('error decoding patch: each operation needs op and path')
  const { op, path, from, value } = step
  return { op, path: parsePointer(path), from: parsePointer(typeof from === 'string' ? from : ''), value }
}

function parsePointer(pointer: string): string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/'))
    throw badRequest(`error decoding patch: ${JSON.stringify(pointer)} is not a JSON pointer`)
  const tokens = pointer.slice(1).split('/')
  return tokens.map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function applyStep(root: Json, { op, path, from, value }: Step): Json {
  switch (op) {
    case 'add':
      return insert(root, path, copyJson(value ?? null))
    case 'replace':
      return path.length === 0
        ? copyJson(value ?? null)
        : insert(take(root, path, true), path, copyJson(value ?? null))
    case 'remove':
      return take(root, path, false)
    case 'copy':
      return insert(root, path, copyJson(find(root, from)))
    case 'move': {
      const moved = find(root, from)
      return insert(take(root, from, false), path, moved)
    }
    case 'test':
      if (!sameJson(find(root, path), value ?? null)) throw unprocessable()
      return root
    default:
      throw unprocessable()
  }
}

function find(root: Json, path: string[]): Json {
  let value: Json | undefined = root
  for (const token of path) {
    if (Array.isArray(value)) value = value[indexIn(value, token, false)]
    else if (isObject(value) && Object.hasOwn(value, token)) value = value[token]
    else value = undefined
    if (value === undefined) throw unprocessable()
  }
  return value
}

function insert(root: Json, path: string[], value: Json): Json {
  const token = path.at(-1)
  if (token === undefined) return value
  const parent = find(root, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(indexIn(parent, token, true), 0, value)
  else if (isObject(parent) && token !== '__proto__') parent[token] = value
  else throw unprocessable()
  return root
}

/** Removes what the path names; for a replacement (`keepMember`) an object's member stays, since it is overwritten. */
function take(root: Json, path: string[], keepMember: boolean): Json {
  find(root, path)
  const token = path.at(-1) ?? ''
  const parent = find(root, path.slice(0, -1))
  if (Array.isArray(parent)) parent.splice(indexIn(parent, token, false), 1)
  else if (isObject(parent) && !keepMember) Reflect.deleteProperty(parent, token)
  return root
}

function indexIn(list: Json[], token: string, forInsert: boolean): number {
  if (token === '-' && forInsert) return list.length
  const index = /^(0|[1-9][0-9]*)$/.test(token) ? Number(token) : -1
  if (index < 0 || index >= list.length + (forInsert ? 1 : 0)) throw unprocessable()
  return index
}

/** Kubernetes does not say which step it was. */
function unprocessable(): ApiError {
  return failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}
