/**
 * Every constant of the model, in one place, each with where it comes from: § is a section of Kubernetes's semantics as
 * collected in DECISIONS.md ("Sources of the model"), M a measurement on a real cluster. All can be set.
 *
 * A `Range` is drawn from uniformly, with the cluster's seeded random source.
 */
import type { RejectAnswers } from '../model/forwarding.ts'

export interface Range {
  low: number
  high: number
}

/** One value for all nodes, or one by node name; a node that is not named has 0. */
export type PerNode = number | Record<string, number>

export function onNode(setting: PerNode, node: string): number {
  return typeof setting === 'number' ? setting : (setting[node] ?? 0)
}

export interface Settings {
  /** Minor version of Kubernetes that is modelled; decides kube-proxy's throttle (§7.2) and a few messages. */
  kubernetesMinor: number
  workers: number
  seed: number
  /** Network round trip between clients and pods. */
  roundTripMs: number

  /** §12: API server's watch fan-out, commit → watcher. */
  watchFanOutMs: Range
  /** §12: a controller's hop, watch → write. */
  controllerHopMs: Range
  /** M1: the EndpointSlice controller's hop; with two fan-outs a slice says "not ready" 6–90 ms after T0. */
  sliceHopMs: Range
  /** §6: first back-off after an EndpointSlice sync met a stale cache; doubles. */
  sliceStaleBackoffMs: number
  /** §4.5: PLEG's relist period; each node has a phase of its own. */
  plegPeriodMs: number
  /** §12: kubelet's reaction to a pod's deletion. */
  kubeletReactionMs: Range
  /** §12, M1: container runtime's latency to deliver a signal; with the reaction 10–140 ms after T0. */
  runtimeSignalMs: Range
  /** §12: a status write. */
  statusPatchMs: Range
  /** §12: sandbox and network set up before a container starts. */
  sandboxStartMs: Range
  /** From a claim's node being chosen to its volume: a helper pod makes the folder. */
  volumeProvisionMs: Range
  /** §12: container create and start. */
  containerStartMs: Range
  /** M1: last exit → the pod's address goes silent. */
  sandboxTeardownMs: Range
  /** M1: silence → the API object is deleted (T0 → object gone is 0.8–1.2 s without preStop). */
  finalDeleteMs: Range
  /** §5.2e: SIGKILL comes at least this long after SIGTERM. */
  killFloorMs: number
  /** §4.5: restart back-off: first delay, cap, and the run time that resets it. */
  restartBackoffMs: { first: number; cap: number; resetAfter: number }
  /** Measured on 1.34: a sync that failed or met a back-off is repeated after 10 s and up to half as long again. */
  syncRetryMs: Range
  /** pkg/kubelet: back-off of image pulls, first delay and cap. */
  imageBackoffMs: { first: number; cap: number }
  /** pkg/util/goroutinemap: back-off of mounts that fail, first delay and cap. */
  mountBackoffMs: { first: number; cap: number }
  /** §9: how often a kubelet renews its node's lease, and how long the lease lasts. */
  leaseRenewMs: number
  leaseDurationMs: number
  /** §9: how often a kubelet computes its node's status, and how often it reports one that has not changed. */
  nodeStatusUpdateMs: number
  nodeStatusReportMs: number
  /** How long a machine still runs after its kubelet let it go down: an estimate. */
  powerOffMs: Range
  /** §7.1: kube-proxy's minSyncPeriod. */
  proxyMinSyncMs: number
  /** §7.1: kube-proxy's syncPeriod: with no change for so long it repairs its rules, which uses the throttle like any run. */
  proxySyncPeriodMs: number
  /** §7.2: tokens of the bucket before 1.34. */
  proxyBurst: number
  /** M1: one run of kube-proxy's sync, so that unthrottled rules follow 0.1–0.4 s after T0 (§12 estimates 20–60 ms). */
  proxyRunMs: Range
  /** Extra lag and jitter of rule programming, per node: an input, 0 by default. */
  proxyExtraLagMs: PerNode
  proxyJitterMs: PerNode
  /** M3: how often a node tells a client that a Service has no endpoint (net.ipv4.icmp_ratelimit, and its burst). */
  rejectAnswers: RejectAnswers
  /** §7.4, M2: how long a source port whose connect hung stays led to the same endpoint (conntrack's SYN_SENT). */
  sourcePortPinMs: number
  /** Where the API server takes node ports from (its flag --service-node-port-range). */
  nodePorts: Range
  /** How long an address stays silent before the model forgets it (§7.4: conntrack pins a SYN for 120 s). */
  silenceMs: number
  /** §9: how often the node controller looks at all nodes. */
  nodeMonitorPeriodMs: number
  /** §9: how long a node may be silent before its state is unknown, by version. */
  nodeMonitorGraceMs: { until131: number; since132: number }
  /** §9: NoExecute taints per second and zone, when most of it is healthy. */
  nodeTaintsPerSecond: number
  /** pkg/controller/podgc: period, and how long a node must be gone before its pods go too. */
  podCollectionMs: { period: number; quarantine: number }
  /** Changes per kind that a watch may resume from. */
  watchHistory: number
}

export const defaultSettings: Settings = {
  kubernetesMinor: 34,
  workers: 3,
  seed: 1,
  roundTripMs: 0,
  watchFanOutMs: { low: 1, high: 5 },
  controllerHopMs: { low: 2, high: 10 },
  sliceHopMs: { low: 4, high: 80 },
  sliceStaleBackoffMs: 1000,
  plegPeriodMs: 1000,
  kubeletReactionMs: { low: 1, high: 10 },
  runtimeSignalMs: { low: 10, high: 120 },
  statusPatchMs: { low: 5, high: 20 },
  sandboxStartMs: { low: 100, high: 300 },
  volumeProvisionMs: { low: 2000, high: 4000 },
  containerStartMs: { low: 50, high: 150 },
  sandboxTeardownMs: { low: 150, high: 330 },
  finalDeleteMs: { low: 620, high: 760 },
  killFloorMs: 2000,
  restartBackoffMs: { first: 10_000, cap: 300_000, resetAfter: 600_000 },
  syncRetryMs: { low: 10_000, high: 15_000 },
  imageBackoffMs: { first: 10_000, cap: 300_000 },
  mountBackoffMs: { first: 500, cap: 122_000 },
  leaseRenewMs: 10_000,
  leaseDurationMs: 40_000,
  nodeStatusUpdateMs: 10_000,
  nodeStatusReportMs: 300_000,
  powerOffMs: { low: 1000, high: 2000 },
  proxyMinSyncMs: 1000,
  proxySyncPeriodMs: 30_000,
  proxyBurst: 2,
  proxyRunMs: { low: 90, high: 300 },
  proxyExtraLagMs: 0,
  proxyJitterMs: 0,
  rejectAnswers: { intervalMs: 1000, burst: 6 },
  sourcePortPinMs: 120_000,
  nodePorts: { low: 30_000, high: 32_767 },
  silenceMs: 125_000,
  nodeMonitorPeriodMs: 5000,
  nodeMonitorGraceMs: { until131: 40_000, since132: 50_000 },
  nodeTaintsPerSecond: 0.1,
  podCollectionMs: { period: 20_000, quarantine: 40_000 },
  watchHistory: 20_000,
}
