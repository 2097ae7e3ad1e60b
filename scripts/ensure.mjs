// Before any command: installs what is missing, builds what is stale. Uses nothing but Node, since nothing is there yet.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`rollproof needs Node 20.19 or newer; this is ${process.versions.node}`)
  process.exit(2)
}

const modifiedAt = file => (existsSync(file) ? statSync(file).mtimeMs : 0)

// npm writes this file last, so an install that broke off is seen as missing.
if (modifiedAt('node_modules/.package-lock.json') < modifiedAt('package-lock.json')) {
  console.error('Installing packages (npm ci) …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  execFileSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

const newest = folder =>
  Math.max(
    0,
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter(file => /\.(ts|mjs|json)$/.test(file))
      .map(file => modifiedAt(path.join(folder, file))),
  )
const sources = Math.max(
  newest('src'),
  newest('sample-app'),
  modifiedAt('scripts/build.mjs'),
  modifiedAt('scripts/descriptions.mjs'),
  modifiedAt('package-lock.json'),
)
if (modifiedAt('dist/main.js') < sources) {
  execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
}
