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
import type { RbacOptions } from './rbac.ts'
import type { LoadOptions } from './load-options.ts'
import type { RunOptions } from './run.ts'
import type { Streams } from './streams.ts'
import { loadSources } from '../model/remote-load.ts'
import type { AgreementOptions } from './agreement.ts'
import { clusterKinds } from './cluster-kinds.ts'

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

  describeRun(program, output(), streams, done)
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
  describeLoad(program, streams, done).addOption(output())
  program
    .command('compare-drivers')
    .description('k6 (where it is on the PATH) and our driver against the same faults: what each of them saw')
    .addOption(output())
    .action(async (options: { output: OutputFormat }) =>
      done(await (await import('./compare-drivers.ts')).compareDriversCommand(options, streams)),
    )
  describeClusterCommands(program, streams, done)
  describeAgreement(program, streams, done)
  program
    .command('image <file>')
    .description("write the sample app's images as a docker-archive, for a cluster of your own")
    .action(async (file: string) => done(await (await import('./image.ts')).imageCommand(file, streams)))
  program
    .command('cleanup')
    .description('end and remove what a killed rollproof left behind')
    .action(async () => done(await (await import('./cleanup.ts')).cleanupCommand(streams)))
  program
    .command('rbac')
    .description('the Role and the ClusterRole that a run on a shared cluster needs, as YAML')
    .option('-n, --namespace <name>', 'where the workload goes', 'NAMESPACE')
    .option('--allow-drain', 'with the rights to cordon and drain nodes')
    .action(async (options: RbacOptions) => done((await import('./rbac.ts')).rbacCommand(options, streams)))
  return program
}

function describeRun(
  program: Command,
  output: Option,
  streams: Streams,
  done: (code: ExitCode) => void,
): void {
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
    .addOption(
      new Option('--cluster <kind>', 'where: a cluster that is a model, or a real one in Docker')
        .choices(clusterKinds)
        .default('embedded'),
    )
    .option('--kind-image <image>', 'node image of the kind cluster (default: kindest/node:v1.34.4)')
    .option('--kind-config <file>', "kind's own configuration of the cluster (default: three workers)")
    .addOption(
      new Option(
        '--load-from <where>',
        'on a real cluster: from pods inside it, or from this machine',
      ).choices(loadSources),
    )
    .option('--keep [name]', 'the kind cluster stays, and is used again (name: rollproof)')
    .option('--context <name>', 'run on this context of the kubeconfig, instead of on an embedded cluster')
    .option('--kubeconfig <file>', 'the kubeconfig (default: $KUBECONFIG, or ~/.kube/config); never written')
    .option('-n, --namespace <name>', 'where the workload goes; it must be labelled for rollproof')
    .option(
      '--image <image>',
      "the sample app's image on that cluster, or NAME=IMAGE for any other; may be repeated",
      collect,
    )
    .option('--allow-drain', 'cordon and drain nodes that are labelled for rollproof')
    .option('--dry-run', 'print every change that would be made to that cluster, and touch nothing')
    .addOption(output)
    .action(async (names: string[], options: RunOptions) =>
      done(await (await import('./run.ts')).runCommand(names, options, streams)),
    )
}

function describeAgreement(program: Command, streams: Streams, done: (code: ExitCode) => void): void {
  program
    .command('agreement [scenario...]')
    .description('the same scenarios on a kind cluster and on the embedded one, side by side')
    .option('--all', 'the whole catalogue (without names and without it, the tour)')
    .option('--disruption <name>', 'only this disruption of each scenario')
    .option('--seed <number>', 'seed of every random choice')
    .option('--reports <folder>', 'where reports/<run-id>/ goes', 'reports')
    .option('--out <file>', 'where the table is kept', 'reports/agreement.md')
    .option('--kind-image <image>', 'node image of the kind cluster (default: kindest/node:v1.34.4)')
    .option('--kind-config <file>', "kind's own configuration of the cluster (default: three workers)")
    .option('--keep [name]', 'the kind cluster stays, and is used again (name: rollproof)')
    .action(async (names: string[], options: AgreementOptions) =>
      done(await (await import('./agreement.ts')).agreementCommand(names, options, streams)),
    )
}

function describeLoad(program: Command, streams: Streams, done: (code: ExitCode) => void): Command {
  const all = (line: string, before: string[]): string[] => [...before, line]
  return program
    .command('load <url>')
    .description(
      'send load to a server and give a whole account of it: every request counted once, none sent twice',
    )
    .option('--rate <number>', 'requests per second, of all connections together', '100')
    .option('--duration <time>', 'how long requests are sent: 500ms, 10s, 2m', '10s')
    .option('--connections <count>', 'how many connections are kept open and reused', '50')
    .option(
      '--connection-use <which>',
      'reused, fresh (one for each request), or both, half of the rate each',
      'reused',
    )
    .option('--method <name>', 'default: GET, or POST with a body')
    .option('--header <line>', 'like "Accept: text/html", sent as it is; may be given again', all, [])
    .option('--body <text>', 'the body of each request, or @file')
    .option('--http <version>', '1.1 or 2', '1.1')
    .option('--insecure', 'take any certificate')
    .option('--timeout <time>', 'of the connect, of the first byte, and of the rest', '10s')
    .option('--steps <rates>', 'one rate after the other, in place of --rate and --duration: 100:10s,500:30s')
    .option('--pacing <way>', 'constant, or poisson: at random with that rate on average', 'constant')
    .option('--seed <number>', 'of what is random (default: a random one, told in the report)')
    .option('--workers <count>', 'threads that share the schedule', '1')
    .option('--allow-public', 'also to a server that is not on this machine or in a private network')
    .option('--unbounded', 'also beyond 10000 requests per second and 10 minutes')
    .action(async (url: string, options: LoadOptions) =>
      done(await (await import('./load.ts')).loadCommand(url, options, streams)),
    )
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

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
