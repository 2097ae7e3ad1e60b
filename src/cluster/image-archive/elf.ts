/**
 * What an ELF program asks of the loader: its interpreter, the libraries it needs, and where it says that they are. Read
 * from the file itself, because `ldd` is not everywhere and runs what it looks at.
 */
import { open, type FileHandle } from 'node:fs/promises'

export interface DynamicNeeds {
  /** The loader, as an absolute path; null for a static program and for a library. */
  interpreter: string | null
  /** Names, as `libc.so.6`. */
  libraries: string[]
  /** Folders to look in first, `$ORIGIN` not yet replaced. */
  searchFolders: string[]
}

const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46])
const HEADER_BYTES = 64
const CLASS_64 = 2
const LITTLE_ENDIAN = 1
const segment = { load: 1, dynamic: 2, interpreter: 3 } as const
const tag = { needed: 1, stringTable: 5, rpath: 15, runpath: 29 } as const
const DYNAMIC_ENTRY_BYTES = 16
const LONGEST_STRING = 4096

interface Segment {
  type: number
  offset: number
  address: number
  bytes: number
}

/** Null when the file is no ELF program of 64 bits, little-endian: a script, or a program of another system. */
export async function readDynamicNeeds(file: string): Promise<DynamicNeeds | null> {
  const handle = await open(file, 'r')
  try {
    const segments = await readSegments(handle)
    return segments === null ? null : await readNeeds(handle, segments)
  } finally {
    await handle.close()
  }
}

async function readSegments(handle: FileHandle): Promise<Segment[] | null> {
  const header = await readAt(handle, 0, HEADER_BYTES)
  if (header.length < HEADER_BYTES || !header.subarray(0, 4).equals(MAGIC)) return null
  if (header[4] !== CLASS_64 || header[5] !== LITTLE_ENDIAN) return null
  const tableOffset = Number(header.readBigUInt64LE(32))
  const entryBytes = header.readUInt16LE(54)
  const count = header.readUInt16LE(56)
  const table = await readAt(handle, tableOffset, entryBytes * count)
  return Array.from({ length: count }, (_, index) => {
    const at = index * entryBytes
    return {
      type: table.readUInt32LE(at),
      offset: Number(table.readBigUInt64LE(at + 8)),
      address: Number(table.readBigUInt64LE(at + 16)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
    }
  })
}

async function readNeeds(handle: FileHandle, segments: Segment[]): Promise<DynamicNeeds> {
  const needs: DynamicNeeds = { interpreter: null, libraries: [], searchFolders: [] }
  const interpreter = segments.find(({ type }) => type === segment.interpreter)
  if (interpreter !== undefined) needs.interpreter = await stringAt(handle, interpreter.offset)
  const dynamic = segments.find(({ type }) => type === segment.dynamic)
  if (dynamic === undefined) return needs

  const entries = await readEntries(handle, dynamic)
  const tableAddress = entries.find(entry => entry.tag === tag.stringTable)?.value ?? 0
  const holder = segments.find(
    ({ type, address, bytes }) =>
      type === segment.load && tableAddress >= address && tableAddress < address + bytes,
  )
  if (holder === undefined) return needs
  const tableOffset = holder.offset + tableAddress - holder.address
  for (const entry of entries) {
    if (entry.tag === tag.needed) needs.libraries.push(await stringAt(handle, tableOffset + entry.value))
    if (entry.tag === tag.rpath || entry.tag === tag.runpath)
      needs.searchFolders.push(...(await stringAt(handle, tableOffset + entry.value)).split(':'))
  }
  return needs
}

async function readEntries(
  handle: FileHandle,
  { offset, bytes }: Segment,
): Promise<{ tag: number; value: number }[]> {
  const text = await readAt(handle, offset, bytes)
  const count = Math.floor(text.length / DYNAMIC_ENTRY_BYTES)
  return Array.from({ length: count }, (_, index) => ({
    tag: Number(text.readBigInt64LE(index * DYNAMIC_ENTRY_BYTES)),
    value: Number(text.readBigUInt64LE(index * DYNAMIC_ENTRY_BYTES + 8)),
  }))
}

async function stringAt(handle: FileHandle, offset: number): Promise<string> {
  const text = await readAt(handle, offset, LONGEST_STRING)
  const end = text.indexOf(0)
  return text.subarray(0, end === -1 ? text.length : end).toString('utf8')
}

async function readAt(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await handle.read(buffer, 0, bytes, offset)
  return buffer.subarray(0, bytesRead)
}
