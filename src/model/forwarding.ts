/**
 * A forwarding table: what one node's kube-proxy has programmed at this moment. The embedded cluster publishes it, the
 * load driver chooses from it at connect time, the observer records its changes.
 */
export interface ForwardingEndpoint {
  address: string
  port: number
  /** Name of the pod behind the address; '' when there is none (a silent address). */
  pod: string
}

/** Where new connections may go. */
export interface ForwardingRule {
  /** New connections choose uniformly among these; none means that the node rejects a connect (`RejectAnswers`). */
  endpoints: ForwardingEndpoint[]
  /** True when these are serving-but-terminating endpoints, used because no ready one is left. */
  fallback: boolean
  /**
   * Present when the node drops new connections, since its traffic policy allows none of the endpoints that there are.
   * The one endpoint is then an address that never answers.
   */
  dropped?: true
}

export interface ForwardingService extends ForwardingRule {
  /** `namespace/name:port`, as in `default/web:8080`. */
  service: string
  clusterIP: string
  /** Present with sessionAffinity ClientIP: a client stays with its endpoint until it was idle for so long. */
  affinitySeconds?: number
  /** Present when the port has a node port, whose traffic policy may differ. */
  nodePort?: ForwardingRule & { port: number }
}

/**
 * A node rejects by ICMP, and its kernel tells one client so only now and then: what gets no such answer stays silent
 * until its SYN is sent again. `burst` answers at once, then one each `intervalMs`; 0 = every time.
 */
export interface RejectAnswers {
  intervalMs: number
  burst: number
}

/** One line of the stream, sent whole at each change. */
export interface ForwardingTable {
  node: string
  /** Counts up by one with each programming of this node that changed its rules. */
  version: number
  /** When the rules took effect. */
  atUs: number
  /** Network round trip between this node's clients and the pods: an input of the embedded cluster. */
  roundTripMs: number
  rejectAnswers: RejectAnswers
  services: ForwardingService[]
}
