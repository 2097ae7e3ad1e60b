// Makes the conformance suite's image out of programs of this machine (sh, sleep, cat, node with the suite's small server)
// and loads it into a kind cluster. Needs kind alone; pulls nothing.
//   node scripts/ensure.mjs && node scripts/conformance-image.mjs [--tag rollproof/conformance:1] [--cluster kind]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: 'rollproof/conformance:1' },
    cluster: { type: 'string', default: 'kind' },
  },
})
const folder = mkdtempSync(path.join(os.tmpdir(), 'conformance-image-'))
const archive = path.join(folder, 'image.tar')
const server = 'src/conformance/testing/web-server.mjs'
try {
  execFileSync(process.execPath, ['dist/conformance-image.js', archive, values.tag, server], {
    stdio: 'inherit',
  })
  execFileSync('kind', ['load', 'image-archive', archive, '--name', values.cluster], { stdio: 'inherit' })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
