/**
 * Runs channels of any protocol without the driver around them: as many requests as wanted, each on a connection of its
 * own, or one after the other on a few. Time stands still, so no request is ever late by accident; it moves only when
 * every request that is still open is one that the server has left hanging.
 */
import type { Outcome, RequestKind, Sample, TlsTarget } from '../../model/load.ts'
import { FakeClock } from '../../testing/fake-clock.ts'
import type { Channel, ChannelSetting } from '../channel.ts'
import { Deadlines } from '../deadlines.ts'
import { DelayLine } from '../delay-line.ts'
import type { Exchange } from '../exchange.ts'
import { turns } from '../../testing/turns.ts'

const LIMIT_MS = 5000

export interface Lab {
  readonly clock: FakeClock
  readonly setting: ChannelSetting
  readonly samples: Sample[]
  /** Requests that were begun, and how many of them have no outcome. */
  readonly open: Set<string>
  exchange(changes?: Partial<ExchangeChanges>): Exchange
  /** Lets time pass by more than every limit. */
  expire(): void
}

export interface ExchangeChanges {
  kind: RequestKind
  answerMs: number
  uploadMs: number
  kept: boolean
  settled(sample: Sample): void
}

export function createLab(tls: TlsTarget | null = null): Lab {
  const clock = new FakeClock()
  const deadlines = new Deadlines()
  const setting: ChannelSetting = {
    clock,
    wire: new DelayLine(clock),
    deadlines,
    host: 'web.default',
    tls,
    request: null,
    connectTimeoutMs: LIMIT_MS,
    firstByteTimeoutMs: LIMIT_MS,
  }
  const samples: Sample[] = []
  const open = new Set<string>()
  let nextSeq = 0
  return {
    clock,
    setting,
    samples,
    open,
    exchange({ kind = 'get', answerMs = 0, uploadMs = 0, kept = true, settled } = {}) {
      const sample = emptySample(nextSeq++, kind, clock.nowUs())
      const requestId = idOf(sample)
      open.add(requestId)
      const settle = (outcome: Outcome): void => {
        if (!open.delete(requestId)) throw new Error(`request ${requestId} was settled twice`)
        sample.outcome = outcome
        samples.push(sample)
        settled?.(sample)
      }
      return { sample, requestId, answerMs, uploadMs, kept, settle }
    },
    expire() {
      clock.advance(LIMIT_MS + 1)
      deadlines.expire(clock.nowUs())
    },
  }
}

export const idOf = ({ seq }: Sample): string => `0a1b2c3d-${seq}`

function emptySample(seq: number, kind: RequestKind, nowUs: number): Sample {
  return {
    seq,
    population: 'reused',
    kind,
    scheduledUs: nowUs,
    sentUs: nowUs,
    writtenUs: null,
    firstByteUs: null,
    endedUs: null,
    connection: null,
    servedBy: null,
    outcome: { kind: 'unresolved' },
  }
}

export interface Traffic extends Partial<ExchangeChanges> {
  requests: number
  /** 0: each request on a connection of its own. */
  connections: number
  open: (id: number) => Channel
  /** How many requests the server has left hanging since it was started. */
  hung?: () => number
}

/** Every request is sent once, and all of them have an outcome when it resolves. */
export async function drive(lab: Lab, traffic: Traffic): Promise<Sample[]> {
  const { requests, connections, hung = () => 0, ...changes } = traffic
  const channels: (Channel | null)[] = Array.from({ length: Math.max(1, connections) }, () => null)
  const kinds: RequestKind[] = ['get', 'get', 'post', 'stream']
  let sent = 0
  let opened = 0
  let expired = 0
  const next = (slot: number): void => {
    if (sent === requests) return
    const kind = changes.kind ?? kinds[sent % kinds.length] ?? 'get'
    sent += 1
    const kept = connections > 0
    // What the server does after its answer is seen before the connection is used again: else it would be chance.
    const settled = (): void => void turns(10).then(() => next(slot))
    const exchange = lab.exchange({ ...changes, kind, kept, settled })
    const used = channels[slot] ?? null
    const channel = kept && used?.idle === true ? used : traffic.open(++opened)
    channels[slot] = channel
    channel.send(exchange, lab.clock.nowUs())
  }
  for (let slot = 0; slot < (connections || 8); slot++) next(slot)
  while (lab.samples.length < requests) {
    await turns(1)
    const hanging = hung() - expired
    if (hanging > 0 && lab.open.size === hanging) {
      expired += hanging
      lab.expire()
    }
  }
  for (const channel of channels) channel?.close()
  return lab.samples
}
