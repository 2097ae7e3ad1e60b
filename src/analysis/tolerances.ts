/**
 * How far apart two instants may lie and still be one occurrence. Each number is a property of a witness, so each says
 * where it comes from; a rule that needs another number needs another witness.
 */

/** Arrival of a watch frame against the instant it tells of, on one machine: API fan-out (1–5 ms) and the event loop. */
export const watchUs = 5_000

/** From a process closing a socket until a driver that is on time has noticed it; a late one adds its own delay. */
export const noticeUs = 50_000

/** From rules taking effect until the driver has read the new table from its stream. */
export const tableStreamUs = 50_000

/** A container's end is in the pod's status after its sandbox is gone (0.15–0.6 s) and a status write; 2 s when busy. */
export const statusLagUs = 2_000_000

/** The pod's object goes 1–3 s after the last process has exited (kubelet's own clean-up), half a second of slack. */
export const deletionLagUs = 3_500_000

/** From a slice's change until each node's rules have it: the proxy syncs once a second, and a busy node is later. */
export const rulesFollowUs = 2_000_000

/** Rules of a deleted pod were seen to linger for 7.1 s on an overloaded machine. */
export const lingeringUs = 10_000_000

/** SIGKILL comes at the end of grace; with a preStop that ate it all, 2 s later, and half a second until it is seen. */
export const killSlackUs = 2_500_000

/** A close that answers a request this soon crossed it on the wire: nobody had time to read the request. */
export const crossingUs = 3_000

/** The same, with the driver and the server held up by a busy machine. */
export const crossingBusyUs = 100_000

/** A SYN that was never answered stays in the conntrack table for this long (nf_conntrack_tcp_timeout_syn_sent). */
export const pinnedUs = 120_000_000

/** A time-out that ends this close to a stall of the driver may be the stall's doing. */
export const stallNearUs = 100_000
