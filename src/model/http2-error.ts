/** The error codes of HTTP/2 (RFC 9113, 7) by number: a failure's detail tells the word, its name the number. */
const names: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** A code that nobody has given a name is its number. */
export function http2ErrorName(code: number): string {
  return names[code] ?? String(code)
}

/** Null for what is no code at all. */
export function http2ErrorCode(name: string): number | null {
  const code = names.indexOf(name)
  if (code !== -1) return code
  return /^\d+$/.test(name) ? Number(name) : null
}
