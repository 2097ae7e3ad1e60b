/**
 * The commands. Each lives in a file of its own that is loaded only when it is called, so that `--help` costs no more
 * than Node itself.
 */
import { Command, CommanderError, Option } from 'commander'
import { packageVersion } from '../base/package-root.ts'
import { messageOf } from '../base/message-of.ts'
import { describeClusterCommands } from './describe-cluster.ts'
import { describeLoadCommands } from './describe-load.ts'
import { describeRunCommands } from './describe-run.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import type { OutputFormat } from './judge.ts'
import type { Streams } from './streams.ts'

export async function main(argv: string[], streams: Streams): Promise<ExitCode> {
  let exitCode: ExitCode = 0
  const program = describeCommands(streams, code => (exitCode = code))
  // A reader that went away (`| head`) is not an error of ours.
  for (const stream of [streams.stdout, streams.stderr]) stream.on('error', ignoreClosedPipe)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof UsageError) {
      streams.stderr.write(`${error.message}\n`)
      return 2
    }
    streams.stderr.write(`rollproof: ${messageOf(error)}\n`)
    return 3
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function describeCommands(streams: Streams, done: (code: ExitCode) => void): Command {
  const program = new Command('rollproof')
    .description('Does this configuration drop requests when its pods are replaced, and if so, why?')
    .version(packageVersion())
    .showSuggestionAfterError()
    .showHelpAfterError('(rollproof --help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: text => streams.stdout.write(text),
      writeErr: text => streams.stderr.write(text),
    })
  const output = (): Option =>
    new Option('-o, --output <format>', 'what goes to standard output')
      .choices(['text', 'json'])
      .default('text')

  describeRunCommands(program, output, streams, done)
  program
    .command('list')
    .description('the scenarios of the catalogue')
    .addOption(output())
    .action(async (options: { output: OutputFormat }) =>
      done(await (await import('./list.ts')).listCommand(options, streams)),
    )
  program
    .command('report <run>')
    .description('show the report of an earlier run (its id, or its folder) again')
    .option('--reports <folder>', 'where the runs are', 'reports')
    .addOption(output())
    .action(async (run: string, options: { reports: string; output: OutputFormat }) =>
      done(await (await import('./report.ts')).reportCommand(run, options, streams)),
    )
  program
    .command('analyze <recording>')
    .description('judge a stored recording again (the folder of one recording, or of a whole run)')
    .addOption(output())
    .action(async (folder: string, options: { output: OutputFormat }) =>
      done(await (await import('./analyze.ts')).analyzeCommand(folder, options, streams)),
    )
  describeLoadCommands(program, output, streams, done)
  describeClusterCommands(program, streams, done)
  program
    .command('cleanup')
    .description('end and remove what a killed rollproof left behind')
    .action(async () => done(await (await import('./cleanup.ts')).cleanupCommand(streams)))
  return program
}
