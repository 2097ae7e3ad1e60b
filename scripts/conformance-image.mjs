// Makes the conformance suite's image out of programs of this machine (sh, sleep, cat, and a server named by --server) and
// loads it into a kind cluster. Needs docker and kind; pulls nothing.
//   node scripts/conformance-image.mjs --server FILE [--tag rollproof/conformance:1] [--cluster kind]
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    server: { type: 'string' },
    tag: { type: 'string', default: 'rollproof/conformance:1' },
    cluster: { type: 'string', default: 'kind' },
  },
})
if (values.server === undefined) {
  console.error('usage: node scripts/conformance-image.mjs --server FILE [--tag NAME:TAG] [--cluster NAME]')
  process.exit(2)
}
const output = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' })
const root = mkdtempSync(path.join(os.tmpdir(), 'conformance-image-'))
try {
  mkdirSync(path.join(root, 'bin'))
  mkdirSync(path.join(root, 'tmp'), { mode: 0o777 })
  for (const command of ['sh', 'sleep', 'cat']) {
    const file = output('sh', '-c', `readlink -f "$(command -v ${command})"`).trim()
    copyFileSync(file, path.join(root, 'bin', command))
    const libraries = output('ldd', file).match(/\/\S+/g) ?? []
    for (const library of libraries) {
      mkdirSync(path.join(root, path.dirname(library)), { recursive: true })
      copyFileSync(library, path.join(root, library))
    }
  }
  copyFileSync(values.server, path.join(root, 'bin', 'web'))
  const archive = `${root}.tar`
  output('tar', '-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', archive, '.')
  const environment = 'ENV PATH=/bin'
  console.log(
    output(
      'docker',
      'import',
      '--change',
      environment,
      '--change',
      'ENTRYPOINT ["/bin/web"]',
      archive,
      values.tag,
    ),
  )
  rmSync(archive)
  execFileSync('kind', ['load', 'docker-image', values.tag, '--name', values.cluster], { stdio: 'inherit' })
} finally {
  rmSync(root, { recursive: true, force: true })
}
