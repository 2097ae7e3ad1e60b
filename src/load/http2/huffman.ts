/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical: of the symbols in order of their code's length, then
 * of their value, each has the next code; so the lengths say it all. Read by half bytes: no code is shorter than five
 * bits, so a half byte ends at most one symbol.
 */

/** Length of the code in bits, and the symbols (bytes; 256 is the end of the string) whose code is that long. */
const lengths: readonly [bits: number, symbols: string][] = [
  [5, '48-50 97 99 101 105 111 115-116'],
  [6, '32 37 45-47 51-57 61 65 95 98 100 102-104 108-110 112 114 117'],
  [7, '58 66-87 89 106-107 113 118-122'],
  [8, '38 42 44 59 88 90'],
  [10, '33-34 40-41 63'],
  [11, '39 43 124'],
  [12, '35 62'],
  [13, '0 36 64 91 93 126'],
  [14, '94 125'],
  [15, '60 96 123'],
  [19, '92 195 208'],
  [20, '128 130-131 162 184 194 224 226'],
  [21, '153 161 167 172 176-177 179 209 216-217 227 229-230'],
  [22, '129 132-134 136 146 154 156 160 163-164 169-170 173 178 181 185-187 189-190 196 198 228 232-233'],
  [23, '1 135 137-141 143 147 149-152 155 157-158 165-166 168 174-175 180 182-183 188 191 197 231 239'],
  [24, '9 142 144-145 148 159 171 206 215 225 236-237'],
  [25, '199 207 234-235'],
  [26, '192-193 200-202 205 210 213 218-219 238 240 242-243 255'],
  [27, '203-204 211-212 214 221-223 241 244-248 250-254'],
  [28, '2-8 11-12 14-21 23-31 127 220 249'],
  [30, '10 13 22 256'],
]

const END_OF_STRING = 256
/** An entry: the state after the half byte, the symbol that it ended + 1 in the bits from 9 up, and a flag. */
const SYMBOL_SHIFT = 9
const STATE_MASK = (1 << SYMBOL_SHIFT) - 1
const BROKEN = -1

/** A node of the code's tree: what follows a 0, what follows a 1; a negative number is a leaf, -1 - symbol. */
type Node = [zero: number, one: number]

function buildTree(): Node[] {
  const nodes: Node[] = [[0, 0]]
  let code = 0
  let before = 0
  for (const [bits, text] of lengths) {
    code <<= bits - before
    before = bits
    for (const symbol of symbolsOf(text)) insert(nodes, code++, bits, symbol)
  }
  return nodes
}

function symbolsOf(text: string): number[] {
  return text.split(' ').flatMap(part => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

function insert(nodes: Node[], code: number, bits: number, symbol: number): void {
  let at = 0
  for (let left = bits - 1; left >= 0; left--) {
    const node = nodes[at] ?? [0, 0]
    const side = ((code >>> left) & 1) as 0 | 1
    if (left === 0) node[side] = -1 - symbol
    else if (node[side] === 0) node[side] = nodes.push([0, 0]) - 1
    at = node[side]
  }
}

const nodes = buildTree()

/** For each state and half byte the entry; for each state whether a string may end there: only 1s, at most seven. */
const entries = new Int32Array(nodes.length * 16)
const mayEnd = new Uint8Array(nodes.length)

function fill(): void {
  for (let state = 0; state < nodes.length; state++)
    for (let half = 0; half < 16; half++) entries[state * 16 + half] = walk(state, half)
  let state = 0
  for (let ones = 0; ones <= 7; ones++) {
    mayEnd[state] = 1
    state = nodes[state]?.[1] ?? 0
  }
}

function walk(from: number, half: number): number {
  let at = from
  let ended = 0
  for (let left = 3; left >= 0; left--) {
    const next = nodes[at]?.[((half >>> left) & 1) as 0 | 1] ?? 0
    if (next === -1 - END_OF_STRING) return BROKEN
    if (next < 0) ended = -next
    at = Math.max(0, next)
  }
  return (ended << SYMBOL_SHIFT) | at
}

fill()

let decoded = Buffer.allocUnsafe(1024)

/** The string between the two places, as one character per byte; null when it is not one. */
export function decodeHuffman(bytes: Buffer, from: number, to: number): string | null {
  // The shortest code has five bits.
  const most = Math.floor(((to - from) * 8) / 5)
  if (decoded.length < most) decoded = Buffer.allocUnsafe(most)
  let length = 0
  let state = 0
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    for (let shift = 4; shift >= 0; shift -= 4) {
      const entry = entries[state * 16 + ((byte >>> shift) & 15)] ?? BROKEN
      if (entry === BROKEN) return null
      state = entry & STATE_MASK
      if (entry > STATE_MASK) decoded[length++] = (entry >>> SYMBOL_SHIFT) - 1
    }
  }
  return mayEnd[state] === 1 ? decoded.toString('latin1', 0, length) : null
}
