/**
 * The objects of a load from inside: a Job, or (where no controller would make its pods) the pods themselves. A driver
 * belongs on a node that nothing happens to; on a control plane, if it may, since no workload runs there.
 */
import type { KubeObject } from '../../kube/types.ts'
import { LOAD_LABEL } from '../../model/node-rules.ts'

export interface LoadImage {
  name: string
  /** How `load` is started in it; the arguments are ours. */
  command: string[]
}

export interface LoadObjects {
  name: string
  namespace: string
  image: LoadImage
  shares: number
  /** Nodes that are, or may be, disturbed. */
  avoidNodes: readonly string[]
  /** Those of the run, by which cleanup finds everything. */
  runLabels: Readonly<Record<string, string>>
  /** After so long the cluster ends the drivers by itself. */
  activeDeadlineSeconds: number
  /** For each share, beside what all have. */
  env?: (share: number) => Record<string, string>
}

export const loadContainer = 'load'

/** The socket of the driver lies here, for the relay to find. */
const workingDir = '/run/rollproof'
/** A finished Job stays this long, for whoever wants to look at it. */
const KEPT_SECONDS = 120
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane'
/** Not root, and any other number will do. */
const USER = 65_532

export function renderLoadJob(plan: LoadObjects): KubeObject & Record<string, unknown> {
  const { name, namespace, shares, activeDeadlineSeconds } = plan
  const labels = labelsOf(plan)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels },
    spec: {
      completions: shares,
      parallelism: shares,
      // A driver that is gone has taken samples with it: another one in its place would not bring them back.
      backoffLimit: 0,
      activeDeadlineSeconds,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: { metadata: { labels }, spec: podSpec(plan, 0) },
    },
  }
}

export function renderLoadPods(plan: LoadObjects): (KubeObject & Record<string, unknown>)[] {
  const { name, namespace, shares, activeDeadlineSeconds } = plan
  return Array.from({ length: shares }, (_, share) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-${share}`, namespace, labels: labelsOf(plan) },
    spec: { ...podSpec(plan, share), activeDeadlineSeconds },
  }))
}

function labelsOf({ name, runLabels }: LoadObjects): Record<string, string> {
  return { ...runLabels, [LOAD_LABEL]: name }
}

function podSpec(plan: LoadObjects, share: number): Record<string, unknown> {
  const { image, env } = plan
  const variables = Object.entries(env?.(share) ?? {}).map(([name, value]) => ({ name, value }))
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 5,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    affinity: affinityOf(plan),
    tolerations: [{ key: CONTROL_PLANE, operator: 'Exists', effect: 'NoSchedule' }],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumes: [{ name: 'run', emptyDir: {} }],
    containers: [
      {
        name: loadContainer,
        image: image.name,
        imagePullPolicy: 'IfNotPresent',
        command: [...image.command, '--remote'],
        workingDir,
        ...(variables.length === 0 ? {} : { env: variables }),
        // The measurer goes first: a request is its weight when processors are short. No limit: a throttled driver is
        // late. With 100m on two full cores it was ready to run and had no core for 60 % of the time.
        resources: { requests: { cpu: '500m', memory: '96Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'run', mountPath: workingDir }],
      },
    ],
  }
}

/** Never on a node to avoid; rather on a control plane; rather not two on one node. */
function affinityOf(plan: LoadObjects): Record<string, unknown> {
  const avoided = plan.avoidNodes.map(node => ({ key: 'metadata.name', operator: 'NotIn', values: [node] }))
  const onControlPlane = { matchExpressions: [{ key: CONTROL_PLANE, operator: 'Exists' }] }
  return {
    nodeAffinity: {
      ...(avoided.length === 0
        ? {}
        : {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: avoided }],
            },
          }),
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: onControlPlane }],
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 50,
          podAffinityTerm: {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { [LOAD_LABEL]: plan.name } },
          },
        },
      ],
    },
  }
}
