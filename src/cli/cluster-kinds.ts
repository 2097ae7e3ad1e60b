/** Where a run can take place. In a file of its own, so that `--help` loads nothing else. */
export const clusterKinds = ['embedded', 'kind'] as const
export type ClusterKind = (typeof clusterKinds)[number]
