/** Where k6 is and whether this program knows its ways: looked up before anything is begun. */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import path from 'node:path'

export interface K6Executable {
  file: string
  /** As `1.8.1`. */
  version: string
  major: number
}

export type K6Search = { ok: true; k6: K6Executable } | { ok: false; problem: string }

/** From this version on it reads TypeScript. */
const OLDEST = { major: 0, minor: 57 }
/** The newest major version whose flags and output are known here. */
const NEWEST_MAJOR = 2
const VERSION_LIMIT_MS = 10_000

const installing = 'install k6 (grafana.com/docs/k6), or put its folder on the PATH'

export async function findK6(env: NodeJS.ProcessEnv): Promise<K6Search> {
  const file = await findOnPath('k6', env.PATH ?? '')
  if (file === null) return { ok: false, problem: `k6 is not on the PATH: ${installing}` }
  const text = await versionText(file)
  const version = text === null ? null : parseVersion(text)
  if (version === null)
    return {
      ok: false,
      problem: `${file} does not tell its version (\`k6 version\`), so it is not k6 or does not work: ${installing}`,
    }
  const problem = unusable(version)
  if (problem !== null) return { ok: false, problem: `${file} is k6 ${version.text}: ${problem}` }
  return { ok: true, k6: { file, version: version.text, major: version.major } }
}

interface Version {
  text: string
  major: number
  minor: number
}

/** `k6 v1.8.1 (go1.26.8, linux/amd64)`, also with a suffix as in `v2.0.0-rc1`. */
export function parseVersion(text: string): Version | null {
  const match = /^k6(?:\.exe)? v((\d+)\.(\d+)\.\d+[-+.\w]*)/m.exec(text)
  if (match === null) return null
  const [, version = '', major, minor] = match
  return { text: version, major: Number(major), minor: Number(minor) }
}

function unusable({ major, minor }: Version): string | null {
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor))
    return `too old, it does not read TypeScript; ${OLDEST.major}.${OLDEST.minor} or newer is needed`
  if (major > NEWEST_MAJOR)
    return `its output is not known to this rollproof, which reads versions ${OLDEST.major}.${OLDEST.minor} to ${NEWEST_MAJOR}.x; use one of those`
  return null
}

async function findOnPath(name: string, searchPath: string): Promise<string | null> {
  const names = process.platform === 'win32' ? [`${name}.exe`] : [name]
  for (const folder of searchPath.split(path.delimiter)) {
    if (folder === '') continue
    for (const each of names) {
      const file = path.join(folder, each)
      const executable = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (executable) return file
    }
  }
  return null
}

function versionText(file: string): Promise<string | null> {
  return new Promise(resolve => {
    execFile(file, ['version'], { timeout: VERSION_LIMIT_MS, killSignal: 'SIGKILL' }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    )
  })
}
