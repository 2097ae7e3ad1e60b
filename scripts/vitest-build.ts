import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Tests start the real programs (embedded cluster, load driver, sample app), so these are built once first. */
export default function setup(): void {
  if (process.env.ROLLPROOF_SKIP_BUILD !== undefined) return
  execFileSync(process.execPath, [fileURLToPath(new URL('./build.mjs', import.meta.url))], {
    stdio: 'inherit',
  })
}
