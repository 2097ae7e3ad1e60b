/** The commands about load alone. */
import type { Command, Option } from 'commander'
import type { ExitCode } from './exit-code.ts'
import type { OutputFormat } from './judge.ts'
import type { LoadOptions } from './load-options.ts'
import type { Streams } from './streams.ts'

export function describeLoadCommands(
  program: Command,
  output: () => Option,
  streams: Streams,
  done: (code: ExitCode) => void,
): void {
  describeLoad(program, streams, done).addOption(output())
  program
    .command('compare-drivers')
    .description('k6 (where it is on the PATH) and our driver against the same faults: what each of them saw')
    .addOption(output())
    .action(async (options: { output: OutputFormat }) =>
      done(await (await import('./compare-drivers.ts')).compareDriversCommand(options, streams)),
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
