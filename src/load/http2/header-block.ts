/** Header blocks of requests: literals without indexing and without Huffman, so no table needs to be kept in step. */

/** The number that begins with the bits of `first`, in a prefix as long as the 1s of `prefix` (RFC 7541, 5.1). */
function integer(first: number, prefix: number, value: number): string {
  if (value < prefix) return String.fromCharCode(first | value)
  let text = String.fromCharCode(first | prefix)
  let rest = value - prefix
  for (; rest >= 128; rest = Math.floor(rest / 128)) text += String.fromCharCode((rest % 128) + 128)
  return text + String.fromCharCode(rest)
}

function string(text: string): string {
  return integer(0, 0x7f, text.length) + text
}

/** One field; its name must be in lower case. */
export function headerField(name: string, value: string): string {
  return `\0${string(name)}${string(value)}`
}

export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): string {
  return fields.map(([name, value]) => headerField(name, value)).join('')
}
