/**
 * The bodies of requests, from bytes to objects: the one place that knows JSON, YAML and protobuf, and that asks strict,
 * warns, or ignores when a field is unknown or comes twice (`fieldValidation`; a server's default is to warn).
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject } from '../../store/json.ts'
import { badRequest, failure, unsupportedMediaType } from '../api-errors.ts'
import type { BodyKind } from '../decoding/decode.ts'
import { cannotHandle, decodeBody, Unrecognized, unrecognized, versionUnknown } from '../decoding/decode.ts'
import { jsonType } from '../decoding/typed-copy.ts'
import type { ParsedBody } from '../decoding/json-text.ts'
import { parseJsonText, SyntaxProblem } from '../decoding/json-text.ts'
import { readYamlText } from '../decoding/yaml-text.ts'
import { openEnvelope } from '../protobuf/envelope.ts'
import { decodeMessage } from '../protobuf/message.ts'
import { WireProblem } from '../protobuf/wire.ts'
import { typeOfKind } from '../schema/kind-types.ts'
import type { Exchange } from './exchange.ts'
import { mediaTypeOf, readBody } from './exchange.ts'
import { fieldValidation, reportProblems } from './field-validation.ts'

type BodyForm = 'json' | 'yaml' | 'protobuf'

const forms = new Map<string, BodyForm>([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
])

/** The object that a POST or PUT carries: of the kind that the URL takes, typed, without unknown fields. */
export async function readObject(exchange: Exchange, kind: BodyKind): Promise<JsonObject> {
  const form = formOf(exchange)
  const validation = fieldValidation(exchange)
  const bytes = await readBody(exchange)
  try {
    const { value, keys, yamlProblems } = await parse(form, bytes, kind)
    const { object, problems } = decodeBody(kind, value, keys)
    reportProblems(exchange, validation, yamlProblems, problems, why => cannotHandle(kind, why))
    return object
  } catch (error) {
    if (error instanceof WireProblem) throw unrecognized(kind, `${error.message} (${summary(bytes)})`)
    if (error instanceof SyntaxProblem)
      throw unrecognized(kind, `${versionUnknown(error.message).message} (${summary(bytes)})`)
    if (error instanceof Unrecognized) throw unrecognized(kind, `${error.message} (${summary(bytes)})`)
    throw error
  }
}

/** How a patch is introduced in errors, and as what Go would read it. */
const patchForms: Partial<Record<string, { introduction: string; list: boolean }>> = {
  'application/json-patch+json': { introduction: 'error decoding patch: ', list: true },
  'application/merge-patch+json': { introduction: 'error decoding patch: ', list: false },
  'application/strategic-merge-patch+json': { introduction: '', list: false },
}
const yamlPatch = { introduction: 'error decoding YAML: ', list: false }

/** A patch as it came; what it makes of the object is checked afterwards. */
export async function readPatch(exchange: Exchange): Promise<ParsedBody> {
  const { introduction, list } = patchForms[mediaTypeOf(exchange)] ?? yamlPatch
  const text = (await readBody(exchange)).toString('utf8')
  try {
    const patch = introduction === yamlPatch.introduction ? await readYamlText(text) : parseJsonText(text)
    const { value } = patch
    if (value === null || (list ? Array.isArray(value) : isObject(value))) return patch
    const wanted = list ? '[]handlers.jsonPatchOp' : 'map[string]interface {}'
    throw new SyntaxProblem(`json: cannot unmarshal ${jsonType(value)} into Go value of type ${wanted}`)
  } catch (error) {
    if (error instanceof Unrecognized || error instanceof SyntaxProblem)
      throw badRequest(`${introduction}${error.message}`)
    throw error
  }
}

/**
 * The body of a DELETE, if it has one. What cannot be read has code 500, as in a real server; a field of a wrong type or
 * another kind has 400 here and 500 there.
 */
export async function readDeleteOptions(exchange: Exchange): Promise<JsonObject | null> {
  const bytes = await readBody(exchange)
  if (bytes.length === 0) return null
  const kind = { group: 'meta', version: 'v1', kind: 'DeleteOptions' }
  try {
    const { value } = await parse(formOf(exchange), bytes, kind)
    // Every group has DeleteOptions in its own version.
    const body = isObject(value) && value['kind'] === kind.kind ? { ...value, apiVersion: '' } : value
    return decodeBody(kind, body).object
  } catch (error) {
    if (error instanceof SyntaxProblem) throw failure(500, '', versionUnknown(error.message).message)
    if (error instanceof WireProblem || error instanceof Unrecognized) throw failure(500, '', error.message)
    throw error
  }
}

function formOf(exchange: Exchange): BodyForm {
  const media = mediaTypeOf(exchange)
  const form = media === '' ? 'json' : forms.get(media)
  if (form !== undefined) return form
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${[...forms.keys()].join(', ')}`,
  )
}

async function parse(form: BodyForm, bytes: Buffer, kind: BodyKind): Promise<ParsedBody> {
  if (form === 'protobuf') return { value: openProtobuf(bytes, kind), keys: new Map(), yamlProblems: [] }
  const text = bytes.toString('utf8')
  return form === 'json' ? parseJsonText(text) : readYamlText(text)
}

/** What does not name itself is taken for what the URL takes; what names itself otherwise is refused later, unread. */
function openProtobuf(bytes: Buffer, wanted: BodyKind): Json {
  const { apiVersion, kind, message } = openEnvelope(bytes)
  if (kind !== '' && kind !== wanted.kind) return { apiVersion, kind }
  try {
    return { ...decodeMessage(typeOfKind(wanted), message), apiVersion, kind }
  } catch (error) {
    if (error instanceof WireProblem) throw cannotHandle(wanted, error.message)
    throw error
  }
}

/** The first bytes, as text where they look like JSON. */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>'
  const head = bytes.subarray(0, 30)
  const text = bytes[0] === '{'.charCodeAt(0) ? head.toString('utf8') : head.toString('hex')
  return bytes.length > 30 ? `${text} ...` : text
}
