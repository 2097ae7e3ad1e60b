import type { Status } from './types.ts'

/** An API server's refusal. Callers decide by `code` and `reason`, never by the message. */
export class KubeApiError extends Error {
  override name = 'KubeApiError'
  readonly code: number
  readonly status: Status | null

  constructor(code: number, status: Status | null, request: string) {
    super(`${request}: ${code} ${status?.reason ?? ''} ${status?.message ?? ''}`.trim())
    this.code = code
    this.status = status
  }

  /** `NotFound`, `Conflict`, `TooManyRequests`, …; empty when the answer was no Status. */
  get reason(): string {
    return this.status?.reason ?? ''
  }
}

/** The code of an error of client-node's typed calls or of ours; null when no answer came at all. */
export function apiErrorCode(error: unknown): number | null {
  if (error instanceof KubeApiError) return error.code
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') return error.code
  return null
}
