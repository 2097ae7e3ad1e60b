/**
 * The Deployment controller: one sync in Kubernetes's order (semantics §1.3), and what wakes it. There is no polling;
 * pods matter to it only when the last one of a Recreate Deployment goes.
 */
import type { Deployment, Pod, ReplicaSet } from '../../../kube/types.ts'
import { findCondition } from '../conditions.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import type { KeySink } from '../work-queue.ts'
import { keyOf } from '../informer.ts'
import { orphansOf } from '../informers.ts'
import { addOwners, claimed, controllerOf } from '../owners.ts'
import { isTerminal } from '../pods.ts'
import { isEmptySelector } from '../../selector.ts'
import { hasDeadline } from './deployment-status.ts'
import { Rollout } from './rollout.ts'
import { recreate, rollingUpdate, scaleOnly, syncCountsOnly, wasScaled } from './strategies.ts'

export function deploymentController(context: ControllerContext): Controller {
  const { api, clock, informers } = context
  const { deployments, replicaSets, pods } = informers
  return {
    reconcile(key) {
      const deployment = deployments.get(key)
      if (deployment === null || isEmptySelector(deployment.spec.selector)) return null
      const owned = claimReplicaSets(context, deployment)
      return syncDeployment(context, new Rollout(api, clock, deployment, owned))
    },
    watch: keys => [
      deployments.subscribe(({ object }) => keys.add(keyOf(object))),
      replicaSets.subscribe(change => addOwners(keys, 'Deployment', informers.deploymentsIn, change)),
      pods.subscribe(change => {
        if (change.type === 'DELETED') addWhenLastPodWent(context, keys, change.object)
      }),
    ],
  }
}

function syncDeployment({ informers }: ControllerContext, rollout: Rollout): number | null {
  const { metadata, spec } = rollout.deployment
  if (metadata.deletionTimestamp !== undefined) return syncCountsOnly(rollout)
  notePause(rollout)
  if (spec.paused === true || wasScaled(rollout)) return scaleOnly(rollout)
  if (spec.strategy?.type !== 'Recreate') return rollingUpdate(rollout)
  return recreate(rollout, olds =>
    olds.some(({ metadata: { uid = '' } }) => informers.podsOwnedBy(uid).some(pod => !isTerminal(pod))),
  )
}

function notePause(rollout: Rollout): void {
  const { deployment } = rollout
  if (!hasDeadline(deployment)) return
  const reason = findCondition(deployment.status?.conditions, 'Progressing')?.reason
  if (reason === 'ProgressDeadlineExceeded') return
  const paused = deployment.spec.paused === true
  if (paused && reason !== 'DeploymentPaused') {
    rollout.writeCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused')
  } else if (!paused && reason === 'DeploymentPaused') {
    rollout.writeCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed')
  }
}

function claimReplicaSets({ api, informers }: ControllerContext, deployment: Deployment): ReplicaSet[] {
  const { uid = '', namespace = '' } = deployment.metadata
  const candidates = [
    ...informers.replicaSetsOwnedBy(uid),
    ...informers.replicaSetsOwnedBy(orphansOf(namespace)),
  ]
  return claimed(api, 'replicasets', deployment, candidates)
}

/** A Recreate Deployment waits for the end of its old pods; nothing else would tell it. */
function addWhenLastPodWent({ informers }: ControllerContext, keys: KeySink, pod: Pod): void {
  const { namespace = '' } = pod.metadata
  const owner = controllerOf(pod)
  const replicaSet = owner === null ? null : informers.replicaSets.get(`${namespace}/${owner.name}`)
  const deployment = replicaSet === null ? null : controllerOf(replicaSet)
  if (deployment === null) return
  const key = `${namespace}/${deployment.name}`
  if (informers.deployments.get(key)?.spec.strategy?.type !== 'Recreate') return
  const left = informers
    .replicaSetsOwnedBy(deployment.uid)
    .some(({ metadata: { uid = '' } }) => informers.podsOwnedBy(uid).length > 0)
  if (!left) keys.add(key)
}
