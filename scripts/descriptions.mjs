// Kubernetes's own sentences about its types and fields, out of @kubernetes/client-node's declarations into
// dist/descriptions.json: `kubectl explain` shows them. They are not kept in the repository.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const client = 'node_modules/@kubernetes/client-node'

/** Reads the declarations again only after the client's version, the table or this step has changed. */
export function writeDescriptions(folder) {
  const { version } = JSON.parse(readFileSync(`${client}/package.json`, 'utf8'))
  const table = JSON.parse(readFileSync('src/embedded/apiserver/schema/types.json', 'utf8'))
  const target = path.join(folder, 'descriptions.json')
  const source = `@kubernetes/client-node ${version}, ${table.source}, form 2`
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(`{"source":${JSON.stringify(source)}`))
    return
  const models = `${client}/dist/gen/models`
  const present = new Set(readdirSync(models))
  const types = {}
  for (const name of Object.keys(table.types)) {
    const file = namesOfModel(name).find(candidate => present.has(`${candidate}.d.ts`))
    if (file !== undefined) types[name] = sentencesOf(readFileSync(`${models}/${file}.d.ts`, 'utf8'))
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(target, JSON.stringify({ source, types }))
}

/** `core/v1.Event` is CoreV1Event, since other groups have one too; `apps/v1.Deployment` is V1Deployment. */
function namesOfModel(name) {
  const [, group, version, type] = /^(\w+)\/(\w+)\.(\w+)$/.exec(name) ?? []
  if (group === undefined) return []
  const capital = text => `${text[0].toUpperCase()}${text.slice(1)}`
  return [`${capital(group)}${capital(version)}${type}`, `${capital(version)}${type}`]
}

/** By field; '' is the type itself. */
function sentencesOf(text) {
  const sentences = {}
  for (const [, comment, type, field] of text.matchAll(
    /\/\*\*\s*\n\s*\* ((?:(?!\*\/)[^])*?)\s*\*\/\s*(?:export declare (class) |'([^']+)'\??:)/g,
  ))
    if (type !== undefined || field !== undefined) sentences[field ?? ''] = plain(comment)
  return sentences
}

/** Without what the generator escaped. */
function plain(text) {
  return text
    .replaceAll(/\\?&quot;/g, '"')
    .replaceAll(/\\?&#39;/g, "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll(/\\(["'\\*/])/g, '$1')
}
