/**
 * The commands. Each lives in a file of its own that is loaded only when it is called, so that `--help` costs no more
 * than Node itself.
 */
import { Command, CommanderError, Option } from 'commander'
import { packageVersion } from '../base/package-root.ts'
import { addressModes } from '../model/embedded-cluster.ts'
import { UsageError, type ExitCode } from './exit-code.ts'
import type { ClusterUpOptions } from './cluster-inputs.ts'
import type { OutputFormat } from './judge.ts'
import type { RunOptions } from './run.ts'
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
    streams.stderr.write(`rollproof: ${error instanceof Error ? error.message : String(error)}\n`)
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

  program
    .command('run [scenario...]')
    .description('run scenarios (names, or .yaml files) and judge them; without any, the tour')
    .option('--tour', 'the tour: the configurations that teach most, in about 90 s')
    .option('--all', 'the whole catalogue')
    .option('--disruption <name>', 'only this disruption of each scenario')
    .option(
      '--at-a-time <count>',
      'experiments under load side by side (default: as many as this machine carries)',
    )
    .option('--seed <number>', 'seed of every random choice (default: a random one, told in the report)')
    .addOption(
      new Option('--driver <name>', 'what makes the load (default: rollproof)').choices(['rollproof', 'k6']),
    )
    .option('--reports <folder>', 'where reports/<run-id>/ goes', 'reports')
    .addOption(output())
    .action(async (names: string[], options: RunOptions) =>
      done(await (await import('./run.ts')).runCommand(names, options, streams)),
    )
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
  program
    .command('compare-drivers')
    .description('k6 (where it is on the PATH) and our driver against the same faults: what each of them saw')
    .addOption(output())
    .action(async (options: { output: OutputFormat }) =>
      done(await (await import('./compare-drivers.ts')).compareDriversCommand(options, streams)),
    )
  describeClusterCommands(program, streams, done)
  program
    .command('cleanup')
    .description('end and remove what a killed rollproof left behind')
    .action(async () => done(await (await import('./cleanup.ts')).cleanupCommand(streams)))
  return program
}

function describeClusterCommands(program: Command, streams: Streams, done: (code: ExitCode) => void): void {
  const cluster = program
    .command('cluster')
    .description('an embedded cluster that stays, for kubectl and for looking around')
  cluster
    .command('up')
    .description('start it under a supervisor of its own, and say where its kubeconfig is')
    .option('--nodes <count>', 'worker nodes (default: 3)')
    .option('--kubernetes-minor <minor>', 'the minor version of Kubernetes 1 that is modelled (default: 34)')
    .option('--round-trip-ms <ms>', 'network round trip between clients and pods (default: 0)')
    .option('--proxy-lag-ms <ms>', "extra lag of the nodes' rules: 200, or worker-1=500,worker-2=0")
    .option('--proxy-jitter-ms <ms>', 'random extra lag, up to so much; written the same way')
    .option('--images <file>', 'YAML with `images:`, which says what programs of this machine images are')
    .addOption(
      new Option(
        '--addresses <way>',
        'how pods get addresses: each its own, or by ports of 127.0.0.1 (default: auto)',
      ).choices(addressModes),
    )
    .action(async (options: ClusterUpOptions) =>
      done(await (await import('./cluster.ts')).clusterUp(options, streams)),
    )
  cluster
    .command('status')
    .description('whether it runs (exit code 3 when not)')
    .action(async () => done(await (await import('./cluster.ts')).clusterStatus(streams)))
  cluster
    .command('node <name> <action>')
    .description('crash, shutdown or restart: take the power from one of its nodes, or give it back')
    .option('--grace <seconds>', 'of a shutdown: how long the pods have (default: 30)')
    .action(async (name: string, action: string, options: { grace?: string }) =>
      done(await (await import('./cluster-node.ts')).clusterNode(name, action, options, streams)),
    )
  cluster
    .command('down')
    .description('end it, and its pods with it')
    .action(async () => done(await (await import('./cluster.ts')).clusterDown(streams)))
}
