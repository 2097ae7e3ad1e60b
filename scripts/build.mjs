// Bundles the programs into dist/. Dependencies stay outside the bundle: they come from node_modules.
// With names as arguments (`node scripts/build.mjs load embedded`), only those are built.
import { build } from 'esbuild'
import { existsSync } from 'node:fs'
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

await build({
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
