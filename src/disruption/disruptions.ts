/** What can be done to a workload. Closed: one file and one row each. */
import type { DisruptionName } from '../model/scenario.ts'
import { dependencyOutage } from './dependency-outage.ts'
import type { DisruptionContext, DisruptionEnd } from './disruption.ts'
import { drain } from './drain.ts'
import { rollingUpdate } from './rolling-update.ts'

export const disruptions: Record<DisruptionName, (context: DisruptionContext) => Promise<DisruptionEnd>> = {
  'rolling-update': rollingUpdate,
  drain,
  'dependency-outage': dependencyOutage,
}
