/** The commands that run experiments, and what a run on a cluster of others needs. */
import { Option, type Command } from 'commander'
import { loadSources } from '../model/remote-load.ts'
import type { AgreementOptions } from './agreement.ts'
import { clusterKinds } from './cluster-kinds.ts'
import type { ExitCode } from './exit-code.ts'
import type { RbacOptions } from './rbac.ts'
import type { RunOptions } from './run.ts'
import type { Streams } from './streams.ts'

export function describeRunCommands(
  program: Command,
  output: () => Option,
  streams: Streams,
  done: (code: ExitCode) => void,
): void {
  describeRun(program, output(), streams, done)
  describeAgreement(program, streams, done)
  program
    .command('image <file>')
    .description("write the sample app's images as a docker-archive, for a cluster of your own")
    .action(async (file: string) => done(await (await import('./image.ts')).imageCommand(file, streams)))
  program
    .command('rbac')
    .description('the Role and the ClusterRole that a run on a shared cluster needs, as YAML')
    .option('-n, --namespace <name>', 'where the workload goes', 'NAMESPACE')
    .option('--allow-drain', 'with the rights to cordon and drain nodes')
    .action(async (options: RbacOptions) => done((await import('./rbac.ts')).rbacCommand(options, streams)))
}

const loadScale =
  'every rate and set of connections times this, where a machine does not carry the whole load'

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
    .option('--load-scale <factor>', loadScale)
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
    .option('--load-scale <factor>', loadScale)
    .option('--seed <number>', 'seed of every random choice')
    .option('--reports <folder>', 'where reports/<run-id>/ goes', 'reports')
    .option('--out <file>', 'where the table is kept', 'reports/agreement.md')
    .option(
      '--from <run...>',
      'judges stored runs again instead of measuring: a real one and an embedded one, and more such pairs, whose rows take the place of those before',
    )
    .option('--kind-image <image>', 'node image of the kind cluster (default: kindest/node:v1.34.4)')
    .option('--kind-config <file>', "kind's own configuration of the cluster (default: three workers)")
    .option('--keep [name]', 'the kind cluster stays, and is used again (name: rollproof)')
    .action(async (names: string[], options: AgreementOptions) =>
      done(await (await import('./agreement.ts')).agreementCommand(names, options, streams)),
    )
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
