/**
 * Every request of a run in typed arrays: 20 bytes each, found by its number, nothing for the collector to look at. What
 * a failure has to say beyond that is told in a line of its own; failures are rare. For runs at rates where a line for
 * each request would cost more than the request.
 */
import { populations, type Outcome, type Population, type Sample } from '../model/load.ts'

const CHUNK = 65_536
const NEVER = 0xffff_ffff
/** As in `outcomeFlags`. */
const outcomes = ['skipped', 'unresolved', 'failed', 'succeeded'] as const

/** Times in microseconds: `sent` from when it was due, the others from when it was sent. More than half an hour fits. */
export interface Chunk {
  sent: Int32Array
  firstByte: Uint32Array
  ended: Uint32Array
  connection: Uint32Array
  status: Uint16Array
  /** 0: not recorded yet. Population and outcome, and whether the connection was used before. */
  flags: Uint16Array
}

export interface RecordedSample {
  population: number
  outcome: (typeof outcomes)[number]
  reused: boolean
  status: number
  /** From the time it was due. Null for what has no end. */
  latencyUs: number | null
  /** From the time it was sent. */
  serviceUs: number | null
  firstByteUs: number | null
  latenessUs: number | null
}

export class Recorder {
  /** Plain enough to be handed from a worker to its parent. */
  readonly chunks: (Chunk | undefined)[]
  /** The numbers of a worker are this far apart. */
  readonly #stride: number
  /** Of the last request: the next one is likely to be of the same. */
  #population: Population = 'fresh'
  #populationFlags = populationFlags('fresh')

  constructor(stride = 1, chunks: (Chunk | undefined)[] = []) {
    this.#stride = stride
    this.chunks = chunks
  }

  take(sample: Sample): void {
    const place = Math.floor(sample.seq / this.#stride)
    const chunk = this.chunks[place >>> 16] ?? this.#grow(place >>> 16)
    const index = place & (CHUNK - 1)
    const { scheduledUs, sentUs, firstByteUs, endedUs, connection } = sample
    const beganUs = sentUs ?? scheduledUs
    chunk.sent[index] = beganUs - scheduledUs
    chunk.firstByte[index] = firstByteUs === null ? NEVER : firstByteUs - beganUs
    chunk.ended[index] = endedUs === null ? NEVER : endedUs - beganUs
    chunk.connection[index] = connection === null ? 0 : connection.id
    chunk.status[index] = statusOf(sample)
    chunk.flags[index] = this.#flagsOf(sample)
  }

  #flagsOf({ population, connection, outcome }: Sample): number {
    if (population !== this.#population) {
      this.#population = population
      this.#populationFlags = populationFlags(population)
    }
    const reused = connection !== null && connection.use > 1 ? 4 : 0
    return 0x8000 | this.#populationFlags | reused | outcomeFlags(outcome)
  }

  /** Calls `use` for each request recorded, with one object for all. */
  forEach(use: (sample: RecordedSample) => void): void {
    const seen: RecordedSample = {
      population: 0,
      outcome: 'skipped',
      reused: false,
      status: 0,
      latencyUs: null,
      serviceUs: null,
      firstByteUs: null,
      latenessUs: null,
    }
    for (const chunk of this.chunks)
      for (let index = 0; chunk !== undefined && index < CHUNK; index++) {
        const flags = chunk.flags[index] ?? 0
        if (flags !== 0) use(read(chunk, index, flags, seen))
      }
  }

  #grow(position: number): Chunk {
    const chunk: Chunk = {
      sent: new Int32Array(CHUNK),
      firstByte: new Uint32Array(CHUNK),
      ended: new Uint32Array(CHUNK),
      connection: new Uint32Array(CHUNK),
      status: new Uint16Array(CHUNK),
      flags: new Uint16Array(CHUNK),
    }
    this.chunks[position] = chunk
    return chunk
  }
}

function statusOf({ outcome }: Sample): number {
  if (outcome.kind === 'succeeded') return outcome.status
  return outcome.kind === 'failed' ? (outcome.status ?? 0) : 0
}

function populationFlags(population: Population): number {
  return populations.indexOf(population) << 3
}

/** The place in `outcomes`. */
function outcomeFlags({ kind }: Outcome): number {
  switch (kind) {
    case 'skipped':
      return 0
    case 'unresolved':
      return 1
    case 'failed':
      return 2
    case 'succeeded':
      return 3
  }
}

function read(chunk: Chunk, index: number, flags: number, into: RecordedSample): RecordedSample {
  const late = chunk.sent[index] ?? 0
  const ended = chunk.ended[index] ?? NEVER
  const firstByte = chunk.firstByte[index] ?? NEVER
  into.population = (flags >> 3) & 7
  into.outcome = outcomes[flags & 3] ?? 'skipped'
  into.reused = (flags & 4) !== 0
  into.status = chunk.status[index] ?? 0
  into.latencyUs = ended === NEVER ? null : late + ended
  into.serviceUs = ended === NEVER ? null : ended
  into.firstByteUs = firstByte === NEVER ? null : firstByte
  into.latenessUs = into.outcome === 'skipped' ? null : late
  return into
}
