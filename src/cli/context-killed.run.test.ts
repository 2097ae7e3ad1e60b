/** What a SIGKILL leaves on a cluster of somebody's kubeconfig, and what cleanup makes of it. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { allowNodes, cleanup, journals, start, startContextLab, state } from '../testing/context-lab.ts'

// In mid-deployment, in mid-drain, and while it is cleaning up; how far into each is left to chance.
const random = seededRandom(process.pid)
describe.concurrent('a run on a context', () => {
  it.each(['deploy', 'disruption', 'clean-up'])(
    'that is killed in %s is cleaned up after, twice without harm',
    async phase => {
      const lab = await startContextLab()
      await allowNodes(lab)
      const before = await state(lab)
      const run = start(lab)
      await run.saw(`: ${phase}`)
      await new Promise(resolve => setTimeout(resolve, random.between(0, 400)))
      run.child.kill('SIGKILL')
      await run.ended
      const { exitCode, stderr } = await cleanup(lab)
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(await state(lab)).toEqual(before)
      expect(journals(lab)).toEqual([])
      expect((await cleanup(lab)).stdout).toBe('nothing was left behind\n')
      expect(await state(lab)).toEqual(before)
      await lab.close()
    },
  )
})
