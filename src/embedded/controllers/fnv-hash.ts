/** Kubernetes's short hashes (semantics §1.7): 32-bit FNV-1a, spelled in the alphabet that it uses for names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

export function shortHash(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return Array.from(String(hash), digit => alphabet[digit.charCodeAt(0) % alphabet.length]).join('')
}
