/** What Kubernetes wraps around each protobuf body: four magic bytes, then a message that says what is inside. */
import { WireProblem, WireReader, wire } from './wire.ts'

export interface Envelope {
  apiVersion: string
  kind: string
  message: Buffer
}

const magic = Buffer.from('k8s\0')

export function openEnvelope(bytes: Buffer): Envelope {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    const prefix = [...magic].join(' ')
    throw new WireProblem(
      `provided data does not appear to be a protobuf message, expected prefix [${prefix}]`,
    )
  }
  if (bytes.length === magic.length) throw new WireProblem('empty body')
  const members = chunks(bytes.subarray(magic.length), 'Unknown')
  const names = chunks(members.get(1) ?? Buffer.alloc(0), 'TypeMeta')
  const text = (bytes: Buffer | undefined): string => bytes?.toString('utf8') ?? ''
  if (text(members.get(3)) !== '') throw new WireProblem(`unknown content encoding ${text(members.get(3))}`)
  return {
    apiVersion: text(names.get(1)),
    kind: text(names.get(2)),
    message: members.get(2) ?? Buffer.alloc(0),
  }
}

function chunks(bytes: Buffer, name: string): Map<number, Buffer> {
  const reader = new WireReader(bytes)
  const found = new Map<number, Buffer>()
  while (!reader.done) {
    const tag = reader.tag(name)
    if (tag.wireType === wire.bytes) found.set(tag.number, reader.chunk())
    else reader.skip(tag)
  }
  return found
}
