/** Where a recording comes from: enough to run it again. */
import { $ } from 'zx/core'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import type { Provenance } from '../model/recording.ts'

export async function readProvenance(argv: string[]): Promise<Provenance> {
  const git = $({ cwd: packageRoot(), quiet: true, nothrow: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const [commit, status] = await Promise.all([git`git rev-parse HEAD`, git`git status --porcelain`])
  const known = commit.exitCode === 0
  return {
    rollproofVersion: packageVersion(),
    gitCommit: known ? commit.stdout.trim() : null,
    gitDirty: known ? status.stdout.trim() !== '' : null,
    argv,
    nodeVersion: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}
