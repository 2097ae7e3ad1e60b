/** `rollproof image`: the sample app's images as a file, for a registry or a cluster of one's own. */
import { systemClock } from '../base/clock.ts'
import { writeSampleAppArchive } from '../cluster/image-archive/sample-app-archive.ts'
import type { ExitCode } from './exit-code.ts'
import type { Streams } from './streams.ts'

export async function imageCommand(file: string, { stdout, stderr, env }: Streams): Promise<ExitCode> {
  const startedUs = systemClock.nowUs()
  const images = await writeSampleAppArchive(file, env)
  const seconds = ((systemClock.nowUs() - startedUs) / 1_000_000).toFixed(1)
  stderr.write(
    `${file}: a docker-archive, in ${seconds} s; docker load --input ${file}, or kind load image-archive ${file}\n`,
  )
  for (const { name, contentName } of images) stdout.write(`${name}\t${contentName}\n`)
  return 0
}
