// Writes src/embedded/apiserver/schema/types.json: of each API type its fields with their JSON names, protobuf numbers and
// Go types. Facts only, no text. Run by hand when the modelled version of Kubernetes changes:
//   node scripts/kubernetes-types.mjs ~/go/pkg/mod/k8s.io v0.34.4
// The folder holds the Go modules k8s.io/api and k8s.io/apimachinery (`go mod download k8s.io/api@v0.34.4`).
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { format } from 'prettier'

const [folder = '', version = ''] = process.argv.slice(2)
if (version === '') throw new Error('usage: node scripts/kubernetes-types.mjs <folder of k8s.io> <version>')
const api = path.join(folder, `api@${version}`)
const machinery = path.join(folder, `apimachinery@${version}/pkg`)

/** By the short name that the table uses; groups have the name of their folder. */
const packages = new Map([
  ['meta/v1', path.join(machinery, 'apis/meta/v1')],
  ['types', path.join(machinery, 'types')],
])
const groups =
  'core/v1 apps/v1 batch/v1 autoscaling/v1 autoscaling/v2 policy/v1 discovery/v1 coordination/v1 events/v1 ' +
  'rbac/v1 networking/v1 scheduling/v1 storage/v1 authorization/v1 authentication/v1'
for (const group of groups.split(' ')) packages.set(group, path.join(api, group))

/** Types with a form of their own on the wire; the decoders know them by name. */
const special =
  /^(resource\.Quantity|intstr\.IntOrString|runtime\.RawExtension|meta\/v1\.(Time|MicroTime|Duration|FieldsV1))$/

const types = {}
const enums = {}
for (const [name, place] of packages) readPackage(name, place)
const sorted = Object.fromEntries(
  Object.entries(types)
    .filter(([name]) => !special.test(name))
    .sort(([one], [other]) => (one < other ? -1 : 1)),
)
const source = `k8s.io/api and k8s.io/apimachinery ${version}: struct tags of types.go`
const table = { source, types: sorted, enums }
const target = new URL('../src/embedded/apiserver/schema/types.json', import.meta.url)
writeFileSync(target, await format(JSON.stringify(table), { parser: 'json', printWidth: 110 }))

function readPackage(name, place) {
  if (!existsSync(place)) throw new Error(`${place} is missing`)
  const files = readdirSync(place).filter(
    file =>
      file.endsWith('.go') && !/_test\.go$|^zz_generated|^generated\.pb|_swagger_doc_|_proto\.go$/.test(file),
  )
  for (const file of files) readSource(name, readFileSync(path.join(place, file), 'utf8'))
}

function readSource(name, text) {
  const imports = importsOf(text)
  const qualify = go => qualified(go, name, imports)
  for (const [, comment, type, body] of text.matchAll(
    /((?:^\/\/[^\n]*\n)*)^type (\w+) struct \{\n([\s\S]*?)^\}/gm,
  )) {
    const fields = fieldsOf(body, qualify)
    if (fields.length > 0) types[`${name}.${type}`] = fields.join(' ')
    readEnum(name, type, comment, text)
  }
  for (const [, comment, type, of] of text.matchAll(
    /((?:^\/\/[^\n]*\n)*)^type (\w+) ((?:\[\]|map\[)?[\w.[\]]+)$/gm,
  )) {
    if (of === 'interface' || of === 'struct') continue
    types[`${name}.${type}`] = `=${qualify(of)}`
    readEnum(name, type, comment, text)
  }
}

function readEnum(name, type, comment, text) {
  if (!/^\/\/ \+enum\s*$/m.test(comment)) return
  const pattern = new RegExp(`^\\s*(?:const )?\\w+\\s+${type}\\s*=\\s*"([^"]*)"`, 'gm')
  const values = [...text.matchAll(pattern)].map(match => match[1])
  if (values.length > 0) enums[`${name}.${type}`] = [...new Set(values)].sort().join(' ')
}

function importsOf(text) {
  const imports = new Map()
  for (const [, alias, target] of text.matchAll(/^\s*(?:import )?(\w+)?\s*"(k8s\.io\/[^"]+)"/gm)) {
    const short = target
      .replace('k8s.io/apimachinery/pkg/apis/', '')
      .replace('k8s.io/api/', '')
      .replace(/^k8s\.io\/.*\//, '')
    imports.set(alias ?? target.split('/').at(-1), short)
  }
  return imports
}

/** `*v1.PodSpec` → `*core/v1.PodSpec`, by what the file imports. */
function qualified(go, own, imports) {
  return go.replace(/(\w+\.)?([A-Za-z]\w*)/g, (whole, prefix, type) => {
    if (prefix !== undefined) return `${imports.get(prefix.slice(0, -1)) ?? prefix.slice(0, -1)}.${type}`
    return /^[a-z]/.test(type) ? whole : `${own}.${type}`
  })
}

/** `name:number:type`, `?` after the name of an optional field, list type and patch strategy behind. */
function fieldsOf(body, qualify) {
  const fields = []
  let marks = []
  for (const line of body.split('\n').map(raw => raw.trim())) {
    if (line.startsWith('//')) {
      marks.push(line.slice(2).trim())
      continue
    }
    const match = /^(?:(\w+)\s+)?(\S+)\s+`([^`]*)`/.exec(line)
    if (match !== null) {
      const field = fieldOf(match, marks, qualify)
      if (field !== null) fields.push(field)
    }
    marks = []
  }
  return fields
}

function fieldOf([, , go, tags], marks, qualify) {
  const json = /json:"([^"]*)"/.exec(tags)?.[1]
  if (json === undefined || json === '-') return null
  const [name, ...flags] = json.split(',')
  const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1] ?? ''
  const optional =
    (flags.includes('omitempty') || marks.includes('+optional')) && !marks.includes('+required')
  const mark = key =>
    marks.filter(text => text.startsWith(`+${key}=`)).map(text => text.slice(key.length + 2))
  const extras = []
  const [listType] = mark('listType')
  if (listType !== undefined) extras.push(`list=${[listType, ...mark('listMapKey')].join(',')}`)
  const [mapType = mark('structType')[0]] = mark('mapType')
  if (mapType !== undefined) extras.push(`map=${mapType}`)
  const [preset = ''] = mark('default')
  // Some defaults name a Go constant instead of a value; no value has a blank or a colon.
  if (/^[^\s:]+$/.test(preset) && !preset.startsWith('ref(')) extras.push(`default=${preset}`)
  const strategy = /patchStrategy:"([^"]*)"/.exec(tags)?.[1]
  const key = /patchMergeKey:"([^"]*)"/.exec(tags)?.[1]
  if (strategy !== undefined)
    extras.push(`patch=${[strategy, ...(key === undefined ? [] : [key])].join('|')}`)
  return [`${name}${optional ? '?' : ''}`, number, qualify(go), ...extras].join(':')
}
