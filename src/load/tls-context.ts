/**
 * What all TLS connections to a target share. Made before the schedule begins: the first time, OpenSSL reads every
 * certificate that the system trusts, and a driver that stands still for that (measured: 15 to 170 ms) skips what falls
 * due meanwhile. It holds no session, so each connection shakes hands in full.
 */
import { createSecureContext, type SecureContext } from 'node:tls'
import type { TlsTarget } from '../model/load.ts'

const contexts = new WeakMap<TlsTarget, SecureContext>()

export function tlsContext(target: TlsTarget): SecureContext {
  let context = contexts.get(target)
  if (context === undefined) {
    const { verify, ca } = target
    // Where nothing is checked, nobody needs to be trusted.
    const trusted = verify ? (ca ?? null) : []
    context = createSecureContext(trusted === null ? {} : { ca: trusted })
    contexts.set(target, context)
  }
  return context
}
