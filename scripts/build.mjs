// Bundles the programs into dist/. Dependencies stay outside the bundle: they come from node_modules.
// With names as arguments (`node scripts/build.mjs load embedded`), only those are built.
import { build } from 'esbuild'
import { existsSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { fileURLToPath } from 'node:url'
import { writeDescriptions } from './descriptions.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const programs = {
  main: 'src/main.ts',
  embedded: 'src/embedded/main.ts',
  reaper: 'src/embedded/reaper.ts',
  silence: 'src/embedded/kubelet/silence-worker.ts',
  load: 'src/load/main.ts',
  'k6-load': 'src/load/k6/main.ts',
  'compare-drivers': 'src/load/k6/compare/main.ts',
  supervisor: 'src/cluster/supervisor-main.ts',
  'conformance-image': 'src/cluster/image-archive/conformance-image.ts',
  'sample-app': 'sample-app/main.ts',
}
/** Loaded into the Node processes of pods, of whatever version, by `--require`: one file, and no ES module. */
const preloads = { 'pod-preload': 'src/embedded/pod-preload/main.ts' }
const wanted = process.argv.slice(2)
const choose = entries =>
  Object.fromEntries(
    Object.entries(entries).filter(
      ([name, file]) => existsSync(file) && (wanted.length === 0 || wanted.includes(name)),
    ),
  )
const chosen = choose(programs)

const { metafile } = await build({
  entryPoints: chosen,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  chunkNames: 'chunks/[name]-[hash]',
  metafile: true,
  logLevel: 'warning',
})

await build({
  entryPoints: choose(preloads),
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  minifySyntax: true,
  format: 'cjs',
  platform: 'node',
  target: 'node18',
  logLevel: 'warning',
})
if ('embedded' in chosen) writeDescriptions('dist')
if (wanted.length === 0) writeParts()

/** Which files and packages each program consists of, for whoever takes one elsewhere (into an image). */
function writeParts() {
  const parts = Object.fromEntries(Object.keys(programs).map(name => [name, partsOf(name)]))
  writeFileSync('dist/parts.json', `${JSON.stringify(parts, null, 2)}\n`)
}

function partsOf(program) {
  const files = new Set()
  const packages = new Set()
  const visit = file => {
    if (files.has(file)) return
    files.add(file)
    for (const { path, external } of metafile.outputs[file].imports) {
      if (!external) visit(path)
      else if (!path.startsWith('node:') && !builtinModules.includes(path)) packages.add(packageOf(path))
    }
  }
  visit(`dist/${program}.js`)
  return { files: [...files].map(file => file.slice('dist/'.length)).sort(), packages: [...packages].sort() }
}

/** `@scope/name/deep/file` → `@scope/name`. */
function packageOf(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
