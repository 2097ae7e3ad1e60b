/**
 * The announcement that the app is about to go away. Whoever holds a connection open for long listens to it, so as to say
 * goodbye in its own protocol: an event that marks the end, a close frame.
 */
const controller = new AbortController()

export const draining: AbortSignal = controller.signal

export function announceDraining(): void {
  controller.abort()
}
