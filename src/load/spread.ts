/**
 * Which kind of request comes next. The multiples of the golden ratio, taken modulo 1, fill the unit interval as evenly
 * as any sequence can and have no period. A plain "each 20th is a POST" would meet the same few of 60 connections for
 * the whole run, since 20 divides 60.
 */
import type { RequestKind } from '../model/load.ts'

const GOLDEN_FRACTION = (Math.sqrt(5) - 1) / 2

export interface KindShares {
  postShare: number
  streamShare: number
}

export function kindOf(shares: KindShares, index: number): RequestKind {
  const position = ((index + 1) * GOLDEN_FRACTION) % 1
  if (position < shares.postShare) return 'post'
  // The streams are taken from the other end, so that the two shares do not follow each other.
  if (position >= 1 - shares.streamShare) return 'stream'
  return 'get'
}
