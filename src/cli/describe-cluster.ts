/** The commands about an embedded cluster that stays. */
import { Option, type Command } from 'commander'
import { addressModes } from '../model/embedded-cluster.ts'
import type { ClusterUpOptions } from './cluster-inputs.ts'
import type { ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

export function describeClusterCommands(
  program: Command,
  streams: Streams,
  done: (code: ExitCode) => void,
): void {
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
