/** For each cause a recording that shows it, and one that nearly does. */
import { describe, expect, it } from 'vitest'
import { causes } from '../../model/cause.ts'
import { hastyEnding } from '../../testing/pod-life.ts'
import type { FailureCase, RecordingBuilder } from '../../testing/recording-builder.ts'
import { recording } from '../../testing/recording-builder.ts'
import { analyze } from '../analyze.ts'
import { causeOf } from '../testdata/cause-of.ts'
import { askingOrder } from './table.ts'

/** web-a is deleted at 4000: SIGTERM +38, listener closed +41, exit +70, sandbox gone +280, rules +1013. */
function hasty(): RecordingBuilder {
  return recording().ends('web-a', hastyEnding(4000))
}

const refused = { code: 'refused', phase: 'connect' } as const
const cutOff = { code: 'closed', phase: 'headers' } as const

it('every cause is asked, and the one that always answers is asked last', () => {
  expect([...askingOrder].sort()).toEqual([...causes].sort())
  expect(askingOrder.at(-1)).toBe('unexplained')
})

describe('endpoint-lingered', () => {
  it('is a refusal after the listener closed, while the table still listed the pod', () => {
    const found = causeOf(hasty().fails({ atMs: 4112, endedMs: 4113, ...refused, pod: 'web-a' }))
    expect(found).toMatchObject({
      cause: 'endpoint-lingered',
      basis: 'direct',
      pod: 'web-a',
      processed: 'not-seen',
    })
    expect(found.evidence).toEqual([
      'T0 +0 ms: deletion of web-a began (grace 30 s)',
      'T0 +6 ms: EndpointSlice says not ready, terminating, serving',
      'T0 +38 ms: SIGTERM sent',
      'T0 +39 ms: server received SIGTERM',
      'T0 +41 ms: listener closed',
      'T0 +60 ms: server exits',
      'T0 +70 ms: process exited: exit code 0',
      expect.stringMatching(/^T0 \+112 ms: request \d+ began to connect to 127\.5\.1\.1:8080$/),
      'T0 +112 ms: forwarding table of control-plane listed web-a',
      'T0 +113 ms: refused (connect)',
      'T0 +280 ms: sandbox gone: its address is silent',
      'T0 +300 ms: status says that app ended: exit code 0, Completed',
      'T0 +315 ms: removed from its EndpointSlice',
      'T0 +1013 ms: web-a no longer listed in the forwarding table of control-plane',
      'ledger: no pod saw this request',
    ])
  })

  it('is a connect that hangs because the sandbox is gone', () => {
    const hung: FailureCase = { atMs: 4500, endedMs: 7500, code: 'timed-out', phase: 'connect', pod: 'web-a' }
    expect(causeOf(hasty().fails(hung))).toMatchObject({ cause: 'endpoint-lingered', basis: 'direct' })
    expect(causeOf(hasty().fails({ ...hung, endedMs: null, code: 'unresolved' }))).toMatchObject({
      cause: 'endpoint-lingered',
      failureClass: 'unresolved',
    })
  })

  it('is a connection that was completed though no process was left, and then stayed mute', () => {
    const mute: FailureCase = {
      atMs: 4281,
      writtenMs: 4281.2,
      endedMs: 9281,
      code: 'timed-out',
      phase: 'headers',
      pod: 'web-a',
    }
    expect(causeOf(hasty().fails(mute))).toMatchObject({ cause: 'endpoint-lingered', basis: 'direct' })
    const lived = { ...mute, atMs: 4060, writtenMs: 4060.2, endedMs: 9060 }
    expect(causeOf(hasty().fails(lived)).cause).toBe('unexplained')
  })

  it('is a reset of a connection that sat in the backlog when the listener closed', () => {
    const reset: FailureCase = {
      atMs: 4039,
      writtenMs: 4040,
      endedMs: 4042,
      code: 'reset',
      phase: 'headers',
      pod: 'web-a',
    }
    const slowExit = hasty().ends('web-a', { exitingMs: 4900, exitedMs: 4910, sandboxGoneMs: 5000 })
    expect(causeOf(slowExit.fails(reset))).toMatchObject({ cause: 'endpoint-lingered', basis: 'direct' })
  })

  it('is a reset or a refusal by a listener that was being closed while its process lost the core', () => {
    const ending = { exitingMs: 4900, exitedMs: 4910, sandboxGoneMs: 5000, listenerClosedMs: 4080 }
    const stalled = (listenerClosingMs: number | null): RecordingBuilder =>
      hasty().ends('web-a', { ...ending, listenerClosingMs })
    const sent = { atMs: 4036, writtenMs: 4037, pod: 'web-a' }
    const reset: FailureCase = { ...sent, endedMs: 4045, code: 'reset', phase: 'headers' }
    expect(causeOf(stalled(4041).fails(reset))).toMatchObject({ cause: 'endpoint-lingered' })
    expect(causeOf(stalled(null).fails(reset)).cause).toBe('unexplained')
    expect(causeOf(stalled(4060).fails(reset)).cause).toBe('unexplained')

    const refusal = { atMs: 4050, endedMs: 4051, ...refused, pod: 'web-a' }
    expect(causeOf(stalled(4041).fails(refusal))).toMatchObject({
      cause: 'endpoint-lingered',
      basis: 'temporal',
    })
    expect(causeOf(stalled(null).fails(refusal)).cause).toBe('unexplained')
  })

  it('is also the failed reconnect of a kept connection', () => {
    const found = causeOf(
      hasty().fails({ population: 'reused', atMs: 4200, endedMs: 4201, ...refused, pod: 'web-a' }),
    )
    expect(found).toMatchObject({ cause: 'endpoint-lingered', population: 'reused' })
  })

  it('is not claimed for a pod that was terminating and still listened', () => {
    const listens = recording().fails({ atMs: 4500, endedMs: 4501, ...refused, pod: 'web-a' })
    expect(causeOf(listens).cause).toBe('unexplained')
  })

  it('is not claimed for a refusal well before the deletion', () => {
    expect(causeOf(hasty().fails({ atMs: 3900, endedMs: 3901, ...refused, pod: 'web-a' })).cause).toBe(
      'unexplained',
    )
  })

  it('is not claimed for a time-out while the process lived on', () => {
    const hung: FailureCase = { atMs: 4100, endedMs: 7100, code: 'timed-out', phase: 'connect', pod: 'web-b' }
    expect(causeOf(recording().fails(hung)).cause).toBe('unexplained')
  })

  it('says temporal when the connect and the deletion lie within the watch’s uncertainty', () => {
    const early = recording().ends('web-a', { ...hastyEnding(4000), sigtermMs: 4001, listenerClosedMs: 4001 })
    const found = causeOf(early.fails({ atMs: 3998, endedMs: 4002, ...refused, pod: 'web-a' }))
    expect(found).toMatchObject({ cause: 'endpoint-lingered', basis: 'temporal' })
  })
})

describe('ready-too-early', () => {
  const eager = (): RecordingBuilder =>
    recording().pod('web-d', { readyMs: 3200, routedMs: 3250, listeningMs: 3900 })

  it('is a refusal by a pod that was routed to and did not listen yet', () => {
    const found = causeOf(eager().fails({ atMs: 3500, endedMs: 3501, ...refused, pod: 'web-d' }))
    expect(found).toMatchObject({ cause: 'ready-too-early', basis: 'direct', pod: 'web-d' })
    expect(found.evidence).toContain('sent +400 ms: server listens')
  })

  it('falls back to the first success when the app tells no steps', () => {
    const silent = eager()
      .without('pod-logs')
      .fails({ atMs: 3500, endedMs: 3501, ...refused, pod: 'web-d' })
    expect(causeOf(silent)).toMatchObject({ cause: 'ready-too-early', basis: 'temporal' })
  })

  it('is a refusal before the pod listened, also if the driver noticed it after', () => {
    const found = causeOf(eager().fails({ atMs: 3880, endedMs: 3930, ...refused, pod: 'web-d' }))
    expect(found).toMatchObject({ cause: 'ready-too-early', basis: 'temporal', pod: 'web-d' })
  })

  it('is not claimed once the pod has listened', () => {
    expect(causeOf(eager().fails({ atMs: 3950, endedMs: 3951, ...refused, pod: 'web-d' })).cause).toBe(
      'unexplained',
    )
  })

  it('is not claimed for a pod that is being deleted before it ever listened', () => {
    const deleted = eager().ends('web-d', { ...hastyEnding(3300), listenerClosedMs: null })
    const found = causeOf(deleted.fails({ atMs: 3500, endedMs: 3501, ...refused, pod: 'web-d' }))
    expect(found.cause).toBe('endpoint-lingered')
  })
})

describe('killed-in-flight', () => {
  const inFlight = (endedMs: number): FailureCase => {
    return {
      population: 'slow',
      atMs: 3700,
      writtenMs: 3701,
      endedMs,
      ...cutOff,
      pod: 'web-a',
      use: 5,
      ledger: 'arrived',
    }
  }

  it('is a request whose process exited before it answered', () => {
    expect(causeOf(hasty().fails(inFlight(4066)))).toMatchObject({
      cause: 'killed-in-flight',
      basis: 'direct',
      processed: 'arrived',
    })
  })

  it('is a body cut off at the server’s own limit', () => {
    const cut = recording().ends('web-a', { cutMs: 5100 })
    const truncated: FailureCase = {
      ...inFlight(5101),
      phase: 'body',
      firstByteMs: 4900,
      atMs: 4800,
      writtenMs: 4801,
    }
    expect(causeOf(cut.fails(truncated))).toMatchObject({
      cause: 'killed-in-flight',
      failureClass: 'truncated',
    })
  })

  it('is a fresh connection that the kernel accepted just before the exit', () => {
    const exits = hasty().ends('web-a', { listenerClosedMs: null })
    const accepted: FailureCase = {
      atMs: 4064,
      writtenMs: 4065,
      endedMs: 4067,
      code: 'reset',
      phase: 'headers',
      pod: 'web-a',
    }
    expect(causeOf(exits.fails(accepted))).toMatchObject({ cause: 'killed-in-flight', basis: 'direct' })
  })

  it('is not claimed when the connection ended long before the exit', () => {
    expect(causeOf(recording().fails(inFlight(4500))).cause).toBe('unexplained')
  })
})

describe('killed-at-end-of-grace', () => {
  const deaf = (): RecordingBuilder =>
    recording().ends('web-a', {
      ...hastyEnding(4000),
      sigtermIgnored: true,
      listenerClosedMs: null,
      exitingMs: null,
      sigkillMs: 6000,
      exitedMs: 6008,
      exitCode: 137,
      sandboxGoneMs: 6200,
      terminatedMs: 6220,
      deletedMs: 7000,
    })
  const slow: FailureCase = {
    population: 'slow',
    atMs: 5700,
    writtenMs: 5701,
    endedMs: 6005,
    ...cutOff,
    pod: 'web-a',
    use: 9,
    ledger: 'arrived',
  }

  it('is a request in flight when SIGKILL came', () => {
    const found = causeOf(deaf().fails(slow))
    expect(found).toMatchObject({ cause: 'killed-at-end-of-grace', basis: 'direct' })
    expect(found.evidence).toContain('T0 +38 ms: SIGTERM ignored: PID 1 without a handler')
    expect(found.evidence).toContain('T0 +2000 ms: SIGKILL sent')
    const [summary] = analyze(deaf().fails(slow).build()).causes
    expect(summary?.change).toContain('as PID 1 it needs a handler')
  })

  it('is known by exit code 137 where no step is told', () => {
    const bare = deaf().without('containers', 'pod-logs').fails(slow)
    expect(causeOf(bare)).toMatchObject({ cause: 'killed-at-end-of-grace', basis: 'temporal' })
  })

  it('is not claimed when the process exited by itself', () => {
    const own = deaf().ends('web-a', { sigkillMs: null, exitingMs: 6000, exitCode: 0 })
    expect(causeOf(own.fails(slow)).cause).toBe('killed-in-flight')
  })
})

describe('idle-connection-reused', () => {
  const race: FailureCase = {
    population: 'reused',
    atMs: 5044,
    writtenMs: 5044.1,
    endedMs: 5044.6,
    ...cutOff,
    pod: 'web-a',
    use: 12,
  }

  it('is a kept connection that the server closed while the request was on its way', () => {
    expect(causeOf(recording().fails(race))).toMatchObject({
      cause: 'idle-connection-reused',
      basis: 'direct',
    })
  })

  it('is a stream of HTTP/2 that crossed a GOAWAY, however late that was told', () => {
    const turnedAway = { ...race, code: 'goaway', endedMs: 5056 } as const
    expect(causeOf(recording().fails(turnedAway))).toMatchObject({
      cause: 'idle-connection-reused',
      basis: 'direct',
    })
    const early = { ...turnedAway, atMs: 4500, writtenMs: 4500.1, endedMs: 4500.6 }
    expect(causeOf(recording().fails(early)).cause).toBe('unexplained')
  })

  it('is only temporal when no ledger can tell that the server never read the request', () => {
    const found = causeOf(
      recording()
        .manifest(manifest => void (manifest.ledger = false))
        .fails(race),
    )
    expect(found).toMatchObject({ cause: 'idle-connection-reused', basis: 'temporal', processed: null })
  })

  it('is not claimed when the server had read the request', () => {
    expect(causeOf(recording().fails({ ...race, ledger: 'arrived' })).cause).toBe('unexplained')
  })

  it('is not claimed before SIGTERM: a server that does not know cannot be shutting down', () => {
    const before = { ...race, atMs: 4500, writtenMs: 4500.1, endedMs: 4500.6 }
    expect(causeOf(recording().fails(before)).cause).toBe('unexplained')
  })

  it('is not claimed for a server that ignores SIGTERM: it closes nothing', () => {
    const deaf = recording().ends('web-a', { sigtermIgnored: true, listenerClosedMs: null })
    expect(causeOf(deaf.fails(race)).cause).toBe('unexplained')
  })

  it('is not claimed at the instant of a cut', () => {
    expect(causeOf(recording().ends('web-a', { cutMs: 5044.2 }).fails(race)).cause).toBe('killed-in-flight')
  })

  it('is not claimed for a WebSocket that was open when the server cut it', () => {
    const open = { ...race, code: 'abnormal-close', phase: 'body', atMs: 2000, writtenMs: 2000.1 } as const
    const cut = recording().ends('web-a', { cutMs: 5044.2 })
    expect(causeOf(cut.fails({ ...open, ledger: 'arrived' })).cause).toBe('killed-in-flight')
  })
})

describe('answered-with-error', () => {
  it('is an answer with an error status, whatever the pod went through', () => {
    const found = causeOf(
      hasty().fails({
        atMs: 4050,
        writtenMs: 4050.5,
        firstByteMs: 4051,
        endedMs: 4052,
        code: 'status-5xx',
        phase: 'status',
        status: 503,
        pod: 'web-a',
        ledger: 'answered',
      }),
    )
    expect(found).toMatchObject({ cause: 'answered-with-error', failureClass: '5xx', processed: 'answered' })
  })
})

describe('harness', () => {
  it('is the driver running out of ports', () => {
    const found = causeOf(
      recording().fails({ atMs: 5000, endedMs: 5000, code: 'local-ports', phase: 'connect', pod: 'web-b' }),
    )
    expect(found).toMatchObject({ cause: 'harness', basis: 'direct', failureClass: 'local' })
  })

  it('is a time-out that came due while the driver stood still', () => {
    const late: FailureCase = {
      atMs: 4400,
      writtenMs: 4401,
      endedMs: 7400,
      code: 'timed-out',
      phase: 'headers',
      pod: 'web-b',
    }
    expect(causeOf(recording().stalls(7250, 7390).fails(late)).cause).toBe('harness')
    expect(causeOf(recording().stalls(6000, 6140).fails(late)).cause).toBe('unexplained')
  })

  it('does not excuse a connect to a pod that was gone before it began', () => {
    const hung: FailureCase = { atMs: 4500, endedMs: 7500, code: 'timed-out', phase: 'connect', pod: 'web-a' }
    expect(causeOf(hasty().stalls(7400, 7490).fails(hung)).cause).toBe('endpoint-lingered')
  })
})
