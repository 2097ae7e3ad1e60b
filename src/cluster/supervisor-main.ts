/** The supervisor's program: starts a cluster, publishes where it is, and ends it when told to. */
import { systemClock } from '../base/clock.ts'
import { present } from '../base/assert.ts'
import { startEmbedded } from './embedded.ts'
import { sampleAppImages } from './images.ts'
import { kubeconfigFor } from './kubeconfig.ts'
import { forgetSupervised, publishSupervised, type SupervisedPlan } from './supervised.ts'

const STOP_GRACE_MS = 5000

const folder = present(process.argv[2], 'the state folder')
// Written by the command that started us, which shares its type.
const plan = JSON.parse(present(process.argv[3], 'the plan')) as SupervisedPlan
const { ready, token, child } = await startEmbedded({
  inputs: plan.inputs,
  images: { ...sampleAppImages(), ...plan.images },
  seed: 1,
  clock: systemClock,
  givesWay: false,
})

const end = (exitCode: number): void => {
  forgetSupervised(folder)
  void child.stop(STOP_GRACE_MS).then(() => process.exit(exitCode))
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0))
void child.ended.then(({ stderr }) => {
  if (stderr !== '') console.error(stderr)
  end(1)
})

const { url, kubernetesVersion } = ready
publishSupervised(
  folder,
  { pid: process.pid, url, kubernetesVersion, startedUs: systemClock.nowUs() },
  kubeconfigFor('rollproof', url, token),
)
