/** Why a request failed. Closed: each cause has a file in analysis/causes, a sentence in the report and a fixture. */
export const causes = [
  'endpoint-lingered',
  'ready-too-early',
  'killed-in-flight',
  'killed-at-end-of-grace',
  'idle-connection-reused',
  'no-ready-endpoint',
  'answered-with-error',
  'pinned-source-port',
  'harness',
  'unexplained',
] as const
export type Cause = (typeof causes)[number]
