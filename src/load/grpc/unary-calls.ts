/**
 * gRPC unary calls over HTTP/2. What the call came to stands in `grpc-status`, in the trailers or in an answer that has
 * nothing else; HTTP's own status says nothing where that is there. An answer without it has been cut off.
 */
import type { FailureCode, FailurePhase, Outcome } from '../../model/load.ts'
import type { ChannelSetting } from '../channel.ts'
import { judgeAnswer, type Exchange } from '../exchange.ts'
import type { AnswerHead } from '../http2/answer-head.ts'
import type { AnswerReader, StreamProtocol, StreamRequest } from '../http2/answer-reader.ts'
import { headerBlock, headerField } from '../http2/header-block.ts'
import { PatientReader } from '../http2/patient-reader.ts'
import { requestHead } from '../http2/plain-requests.ts'
import { MessageReader } from './message-reader.ts'

/** grpc.health.v1: an empty message asks for the health of the whole server. */
const HEALTH_CHECK = '/grpc.health.v1.Health/Check'
const EMPTY_MESSAGE = '\0\0\0\0\0'

export class UnaryCalls implements StreamProtocol {
  readonly #block: string
  readonly #patienceMs: number

  constructor(setting: ChannelSetting) {
    this.#patienceMs = setting.firstByteTimeoutMs
    this.#block = headerBlock([
      ...requestHead('POST', setting.request?.path ?? HEALTH_CHECK, setting),
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ])
  }

  request({ requestId }: Exchange): StreamRequest {
    return { block: this.#block + headerField('x-request-id', requestId), body: EMPTY_MESSAGE }
  }

  reader(exchange: Exchange): AnswerReader {
    return new UnaryReader(exchange, this.#patienceMs)
  }
}

class UnaryReader extends PatientReader {
  readonly #messages = new MessageReader()

  onData(bytes: Buffer, from: number, to: number): null {
    this.#messages.push(bytes, from, to)
    return null
  }

  onEnd(trailers: AnswerHead | null): Outcome {
    const head = this.head
    const grpcStatus = trailers?.grpcStatus ?? head?.grpcStatus ?? null
    if (grpcStatus === null) return this.#withoutStatus()
    if (!/^\d{1,10}$/.test(grpcStatus)) return this.#failed('body', 'malformed', 'grpc-status')
    if (Number(grpcStatus) !== 0) return this.#failed('status', 'status-grpc', `grpc-status ${grpcStatus}`)
    if (!isGrpc(head)) return this.#failed('headers', 'malformed', 'content-type')
    if (this.#messages.compressed) return this.#failed('body', 'malformed', 'compressed message')
    // A unary call that went well has exactly one message.
    if (this.#messages.messages !== 1 || !this.#messages.between)
      return this.#failed('body', 'malformed', `${this.#messages.messages} messages`)
    return judgeAnswer(this.exchange, {
      status: head?.status ?? 0,
      requestId: head?.requestId ?? null,
      body: this.exchange.requestId,
    })
  }

  /** Something on the way that speaks only HTTP has answered, or the answer was ended too early. */
  #withoutStatus(): Outcome {
    const { status = null, requestId = null } = this.head ?? {}
    if (status !== 200)
      return judgeAnswer(this.exchange, { status: status ?? 0, requestId, body: this.exchange.requestId })
    if (!isGrpc(this.head)) return this.#failed('headers', 'malformed', 'content-type')
    return this.#failed('body', 'closed', 'END_STREAM, grpc-status')
  }

  #failed(phase: FailurePhase, code: FailureCode, detail: string): Outcome {
    return { kind: 'failed', phase, code, status: this.head?.status ?? null, detail }
  }
}

function isGrpc(head: AnswerHead | null): boolean {
  return /^application\/grpc(?:$|[+;])/i.test(head?.contentType ?? '')
}
