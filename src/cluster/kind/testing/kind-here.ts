/**
 * Whether tests on a real kind cluster can run here: Docker, kind, and a node image (the default one, or the one that
 * ROLLPROOF_KIND_IMAGE names). Where they cannot, they are skipped and say why, with a count.
 */
import { spawnSync } from 'node:child_process'
import { DEFAULT_NODE_IMAGE } from '../kind-config.ts'

export const nodeImage = process.env.ROLLPROOF_KIND_IMAGE ?? DEFAULT_NODE_IMAGE

/** Null when they can run. */
export function whyNoKind(): string | null {
  if (!succeeds('docker', 'info')) return 'no Docker that answers'
  if (!succeeds('kind', 'version')) return 'no kind'
  if (!succeeds('docker', 'image', 'inspect', nodeImage))
    return `no node image ${nodeImage} (name one with ROLLPROOF_KIND_IMAGE)`
  return null
}

/** Said once for a file of tests that are skipped. */
export function sayWhatIsSkipped(count: number): void {
  const why = whyNoKind()
  if (why !== null) process.stderr.write(`\nSKIPPED: ${count} tests on a kind cluster: ${why}\n`)
}

function succeeds(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
