/**
 * OpenAPI v3: what is served, by which verbs, of which types. `kubectl explain` reads the schemas, `kubectl apply` and
 * `diff` the parameters. A document is made when it is first asked for, and its hash stands in the index.
 */
import { createHash } from 'node:crypto'
import { servedKinds } from '../resources.ts'
import { hasType } from '../schema/go-types.ts'
import { typeNameOf } from '../schema/kind-types.ts'
import type { GroupVersionKind } from '../schema/openapi-schemas.ts'
import { schemasOf } from '../schema/openapi-schemas.ts'
import { reviewGroups } from './access-reviews.ts'
import { unknownPath } from '../api-errors.ts'
import type { Exchange } from './exchange.ts'
import { sendText } from './exchange.ts'
import { pathsOf, targetsOf } from './openapi-paths.ts'

interface GroupVersion {
  group: string
  version: string
}

interface Document {
  text: string
  hash: string
}

const documents = new Map<string, Document>()

/** False when the path is not under /openapi/v3. */
export function answerOpenApi(exchange: Exchange, kubernetesVersion: string): boolean {
  const [, root, v3, ...rest] = exchange.path.replace(/\/$/, '').split('/')
  if (root !== 'openapi' || v3 !== 'v3' || exchange.method !== 'GET') return false
  const name = rest.join('/')
  if (name === '')
    sendText(exchange, 200, `${JSON.stringify(index(exchange.prefix, kubernetesVersion))}\n`, indexType)
  else sendDocument(exchange, name, kubernetesVersion)
  return true
}

/** kubectl does not read the type; a real server says plain text. */
const indexType = 'text/plain; charset=utf-8'

function sendDocument(exchange: Exchange, name: string, kubernetesVersion: string): void {
  const { request, response, prefix, query } = exchange
  const document = documentOf(name, kubernetesVersion)
  if (document === null) throw unknownPath()
  const etag = `"${document.hash}"`
  response.setHeader('ETag', etag)
  response.setHeader('Vary', 'Accept')
  const asked = query.get('hash')
  if (asked !== null && asked !== document.hash) {
    response.writeHead(301, { Location: urlOf(prefix, name, document) })
    response.end()
    return
  }
  response.setHeader('Cache-Control', asked === null ? 'no-cache, private' : 'public, immutable')
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304)
    response.end()
  } else sendText(exchange, 200, document.text, 'application/json')
}

/** kubectl takes these URLs as absolute, so they repeat the prefix that it came with. */
function index(prefix: string, kubernetesVersion: string): object {
  const entries = groupVersions().map(groupVersion => {
    const name = nameOf(groupVersion)
    const document = documentOf(name, kubernetesVersion)
    return [name, { serverRelativeURL: urlOf(prefix, name, document) }] as const
  })
  return { paths: Object.fromEntries(entries) }
}

function urlOf(prefix: string, name: string, document: Document | null): string {
  return `${prefix}/openapi/v3/${name}?hash=${document?.hash ?? ''}`
}

function groupVersions(): GroupVersion[] {
  const all = [...servedKinds, ...reviewGroups.map(group => ({ group, version: 'v1' }))]
  const byName = new Map(all.map(({ group, version }) => [nameOf({ group, version }), { group, version }]))
  return [...byName.values()]
}

function nameOf({ group, version }: GroupVersion): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`
}

function documentOf(name: string, kubernetesVersion: string): Document | null {
  const key = `${kubernetesVersion} ${name}`
  const found = documents.get(key)
  if (found !== undefined) return found
  const groupVersion = groupVersions().find(candidate => nameOf(candidate) === name)
  if (groupVersion === undefined) return null
  const text = `${JSON.stringify(describe(groupVersion, kubernetesVersion))}\n`
  const hash = createHash('sha512').update(text).digest('hex').toUpperCase()
  const document = { text, hash }
  documents.set(key, document)
  return document
}

/** Kinds that every group version has in its own name. */
const common = ['DeleteOptions', 'WatchEvent']

function describe({ group, version }: GroupVersion, kubernetesVersion: string): object {
  const targets = targetsOf(group, version)
  const kinds = new Map<string, GroupVersionKind[]>()
  for (const { group, version, kind, verbs } of targets) {
    const names = verbs.includes('list') ? [kind, `${kind}List`] : [kind]
    for (const name of names) {
      const type = typeNameOf({ group, version, kind: name })
      if (hasType(type)) kinds.set(type, [{ group, kind: name, version }])
    }
  }
  for (const kind of common)
    kinds.set(
      `meta/v1.${kind}`,
      groupVersions().map(served => ({ ...served, kind })),
    )
  kinds.set('meta/v1.Status', [{ group: '', kind: 'Status', version: 'v1' }])
  const [, minor = ''] = /^v?(\d+\.\d+)/.exec(kubernetesVersion) ?? []
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: minor },
    paths: pathsOf(targets),
    components: {
      schemas: {
        ...schemasOf(kinds.keys(), kinds),
        'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': { type: 'object' },
      },
      securitySchemes: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
    },
    security: [{ BearerToken: [] }],
  }
}
