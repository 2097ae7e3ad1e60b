/**
 * The server's own books against the client's. A ledger line that the driver cannot account for, or a success that no
 * pod remembers, means that one of the two lies, and then neither may be believed.
 */
import type { LoadProfile, Population, Protocol, Sample } from '../model/load.ts'
import type { LedgerEntry } from '../model/transition.ts'
import type { Attribution, LedgerSummary } from './analysis.ts'

export interface LedgerBook {
  /** Arrivals by sequence number; more than one means that something on the way sent it again. */
  arrivals: ReadonlyMap<number, number>
  answered: ReadonlySet<number>
  /** Arrivals whose number cannot be read, though the prefix is this run's. */
  unreadable: number
}

/** Lines of other runs (another prefix) are none of this run's business. */
export function readLedger(entries: readonly LedgerEntry[], runPrefix: string): LedgerBook {
  const arrivals = new Map<number, number>()
  const answered = new Set<number>()
  let unreadable = 0
  for (const { request, what } of entries) {
    if (!request.startsWith(`${runPrefix}-`)) continue
    const number = request.slice(runPrefix.length + 1)
    const seq = /^\d+$/.test(number) ? Number(number) : null
    if (seq === null) unreadable += 1
    else if (what === 'arrived') arrivals.set(seq, (arrivals.get(seq) ?? 0) + 1)
    else answered.add(seq)
  }
  return { arrivals, answered, unreadable }
}

/** How far a request came on the server's side; null when there is no ledger. */
export function processedOf(book: LedgerBook | null, seq: number): Attribution['processed'] {
  if (book === null) return null
  if (book.answered.has(seq)) return 'answered'
  return book.arrivals.has(seq) ? 'arrived' : 'not-seen'
}

/** Streams that the client itself leaves, when it has listened for as long as it meant to. */
const leftByClient: readonly Protocol[] = ['websocket', 'events', 'events-http/2']

export function populationsThatLeave({ populations }: LoadProfile): ReadonlySet<Population> {
  const leaving = populations.filter(({ protocol = 'http/1.1' }) => leftByClient.includes(protocol))
  return new Set(leaving.map(({ population }) => population))
}

/**
 * Over every sample of the run, the warm-up too: a ledger has no phases. A stream that its client leaves has succeeded by
 * then; a server that ends in that very moment has no time to note it, so there it is enough that the stream arrived.
 */
export function summarizeLedger(
  book: LedgerBook,
  samples: readonly Sample[],
  leaving: ReadonlySet<Population> = new Set(),
): LedgerSummary {
  const isKnown = ({ seq, population }: Sample): boolean =>
    book.answered.has(seq) || (leaving.has(population) && book.arrivals.has(seq))
  const sent = new Set(samples.filter(sample => sample.sentUs !== null).map(sample => sample.seq))
  const succeeded = samples.filter(sample => sample.outcome.kind === 'succeeded')
  const failed = samples.filter(({ outcome }) => outcome.kind === 'failed' || outcome.kind === 'unresolved')
  let arrived = book.unreadable
  let arrivedNotSent = book.unreadable
  for (const [seq, times] of book.arrivals) {
    arrived += times
    arrivedNotSent += sent.has(seq) ? times - 1 : times
  }
  const unanswered = failed.filter(sample => !hasAnswer(sample))
  const came = unanswered.filter(sample => book.arrivals.has(sample.seq))
  return {
    arrived,
    answered: book.answered.size,
    succeededNotAnswered: succeeded.filter(sample => !isKnown(sample)).length,
    arrivedNotSent,
    answeredButFailed: failed.filter(sample => book.answered.has(sample.seq)).length,
    lost: unanswered.length - came.length,
    ambiguous: came.length,
    duplicated: [...book.arrivals].filter(([seq, times]) => times > 1 && sent.has(seq)).length,
  }
}

/** The client had the whole answer, whatever it said. */
function hasAnswer({ outcome }: Sample): boolean {
  return outcome.kind === 'failed' && (outcome.phase === 'status' || outcome.phase === 'check')
}
