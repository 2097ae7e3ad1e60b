/** Which nodes a run may touch: cordon for a moment (a placement), or drain. */

/** On a namespace, or a node, with the value "true": rollproof may use it. */
export const ALLOWED_LABEL = 'rollproof.dev/allowed'
/** On pods that send the load. */
export const LOAD_LABEL = 'rollproof.dev/load'

export interface NodeRules {
  /** `every`: the cluster is the run's own. `allowed`: those that carry the label. `none`: the user did not allow it. */
  touch: 'every' | 'allowed' | 'none'
  /** Pods of other runs are told by it. */
  runId: string
}
