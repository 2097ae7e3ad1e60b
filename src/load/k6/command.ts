/** How k6 is called. Pure: its flags differ between versions. */
import path from 'node:path'
import { packageRoot } from '../../base/package-root.ts'
import type { K6Order } from '../../model/load.ts'
import type { ScriptSettings } from './settings.ts'

export interface K6Command {
  file: string
  args: string[]
  env: NodeJS.ProcessEnv
}

/** In every version: points on standard output, errors as JSON on standard error, nothing else, and nothing told home. */
function commonArgs(version: string): string[] {
  return [
    'run',
    '--quiet',
    '--no-color',
    '--no-usage-report',
    '--log-format=json',
    '--out=json=-',
    // Its REST interface would take a fixed port, and two runs at a time could not both have it.
    '--address=',
    // v2 has no --no-summary any more; --summary-mode came with v1, and its `disabled` with one of the v1.x.
    ...(version.startsWith('2.') ? ['--summary-mode=disabled'] : ['--no-summary']),
  ]
}

const environment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('K6_'))
  return { ...Object.fromEntries(kept), K6_NO_USAGE_REPORT: 'true', K6_AUTO_EXTENSION_RESOLUTION: 'false' }
}

/** The script that ships with this program. A user's own settings of k6 (K6_…) do not reach it. */
export function ownCommand({ executable, version }: K6Order, settings: ScriptSettings): K6Command {
  return {
    file: executable,
    args: [...commonArgs(version), path.join(packageRoot(), 'k6', 'load.ts')],
    env: { ...environment(process.env), ROLLPROOF_K6_SETTINGS: JSON.stringify(settings) },
  }
}

/**
 * A script of the user's own. It finds its target in `__ENV.BASE_URL` (or `TARGET_URL`, or `ROLLPROOF_URL`). Its thresholds
 * are not evaluated: they could end the test early, and the verdict is not k6's. The tags are those that tell an outcome.
 */
export function userCommand({ executable, version }: K6Order, script: string, url: string): K6Command {
  const targets = ['BASE_URL', 'TARGET_URL', 'ROLLPROOF_URL'].map(name => `--env=${name}=${url}`)
  const tags = '--system-tags=url,name,method,status,error_code,scenario'
  return {
    file: executable,
    args: [...commonArgs(version), '--no-thresholds', tags, ...targets, script],
    env: environment(process.env),
  }
}
