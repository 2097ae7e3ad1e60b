/** `rollproof list`: what the catalogue holds. */
import { toLine } from '../base/ndjson.ts'
import type { Scenario } from '../model/scenario.ts'
import { readCatalogue } from './choose.ts'
import type { ExitCode } from './exit-code.ts'
import type { OutputFormat } from './judge.ts'
import type { Streams } from './streams.ts'

// eslint-disable-next-line @typescript-eslint/require-await -- commands share one shape
export async function listCommand(
  { output }: { output: OutputFormat },
  { stdout }: Streams,
): Promise<ExitCode> {
  const scenarios = readCatalogue()
  if (output === 'json') {
    stdout.write(toLine({ schemaVersion: 1, scenarios }))
    return 0
  }
  const nameWidth = Math.max(...scenarios.map(({ name }) => name.length))
  const lines = scenarios.map(scenario => {
    const name = scenario.name.padEnd(nameWidth)
    return `${name}  ${disruptionsOf(scenario)}\n${' '.repeat(nameWidth + 2)}${scenario.title}: ${scenario.shows}`
  })
  stdout.write(
    `${lines.join('\n')}\n\n* in the tour (rollproof run --tour); run one with: rollproof run <name>\n`,
  )
  return 0
}

function disruptionsOf({ disruptions }: Scenario): string {
  return disruptions.map(({ disruption, tour }) => `${disruption}${tour ? '*' : ''}`).join(', ')
}
