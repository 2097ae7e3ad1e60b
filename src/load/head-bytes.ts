/** The head of an HTTP/1.1 answer, read as bytes: without strings, so that a million answers leave nothing to collect. */

const SPACE = 32
const CARRIAGE_RETURN = 13
const LINE_FEED = 10
const TAB = 9
const ZERO = 48

export type Header = 'connection' | 'transfer-encoding' | 'content-length' | 'x-pod' | 'x-request-id'

/** The place after the empty line that ends the head; -1 when it has not come yet. */
export function endOfHead(bytes: Buffer, at: number, length: number): number {
  let place = at + 3
  while (place < length) {
    const byte = bytes[place] ?? 0
    // None of the four can end here or in the next three places.
    if (byte > CARRIAGE_RETURN) place += 4
    else if (byte === LINE_FEED && isEmptyLine(bytes, place)) return place + 1
    else place += 1
  }
  return -1
}

function isEmptyLine(bytes: Buffer, place: number): boolean {
  return (
    bytes[place - 1] === CARRIAGE_RETURN &&
    bytes[place - 2] === LINE_FEED &&
    bytes[place - 3] === CARRIAGE_RETURN
  )
}

/** The status of `HTTP/1.1 200 …`, whose first seven bytes were looked at; 0 when it is none. */
export function statusOf(bytes: Buffer, at: number): number {
  const minor = bytes[at + 7]
  if (minor !== ZERO && minor !== ZERO + 1) return 0
  const after = bytes[at + 12]
  if (bytes[at + 8] !== SPACE || (after !== SPACE && after !== CARRIAGE_RETURN)) return 0
  const status = numberAt(bytes, at + 9, at + 12)
  return status >= 100 && status <= 999 ? status : 0
}

/** The decimal number between the two places; NaN when it is not one, or has more than 15 digits. */
export function numberAt(bytes: Buffer, from: number, to: number): number {
  if (to <= from || to - from > 15) return Number.NaN
  let value = 0
  for (let place = from; place < to; place++) {
    const digit = (bytes[place] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/** Which of the headers that matter this is; its name has been looked through, and holds no white space. */
export function headerOf(bytes: Buffer, at: number, length: number): Header | null {
  switch (length) {
    case 5:
      return isNamed(bytes, at, 'x-pod') ? 'x-pod' : null
    case 10:
      return isNamed(bytes, at, 'connection') ? 'connection' : null
    case 12:
      return isNamed(bytes, at, 'x-request-id') ? 'x-request-id' : null
    case 14:
      return isNamed(bytes, at, 'content-length') ? 'content-length' : null
    case 17:
      return isNamed(bytes, at, 'transfer-encoding') ? 'transfer-encoding' : null
    default:
      return null
  }
}

/** Names have no case (RFC 9110, 5.1): a letter's lower case has this bit. */
function isNamed(bytes: Buffer, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index++)
    if (((bytes[at + index] ?? 0) | 0x20) !== name.charCodeAt(index)) return false
  return true
}

export function isSame(bytes: Buffer, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let index = 0; index < text.length; index++)
    if (bytes[from + index] !== text.charCodeAt(index)) return false
  return true
}

export function trimStart(bytes: Buffer, from: number, to: number): number {
  while (from < to && isBlank(bytes[from])) from += 1
  return from
}

export function trimEnd(bytes: Buffer, from: number, to: number): number {
  while (to > from && isBlank(bytes[to - 1])) to -= 1
  return to
}

/** A space or a tab. */
export function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}
