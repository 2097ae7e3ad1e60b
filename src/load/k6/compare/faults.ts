/** The faults that drivers are compared by: what the server does to a request, to which requests, and what it is called. */
import type { FailureClass, Population } from '../../../model/load.ts'

export type Misdeed =
  | 'close-unanswered'
  | 'reset-unanswered'
  | 'close-in-body'
  | 'reset-in-body'
  | 'unavailable'
  | 'silence'
  | 'another-answer'

export interface Fault {
  name: string
  population: Population
  /** All requests are POSTs with a body; else all are GETs. */
  posts: boolean
  /** Null: nobody listens at all. */
  misdeed: Misdeed | null
  /** What a driver should call it. A reset that comes together with bytes cannot be told from an orderly end. */
  classes: readonly FailureClass[]
}

const cut: readonly FailureClass[] = ['closed', 'reset']

export const faults: readonly Fault[] = [
  { name: 'nobody listens', population: 'fresh', posts: false, misdeed: null, classes: ['refused'] },
  {
    name: 'new connection closed, GET',
    population: 'fresh',
    posts: false,
    misdeed: 'close-unanswered',
    classes: cut,
  },
  {
    name: 'new connection reset, GET',
    population: 'fresh',
    posts: false,
    misdeed: 'reset-unanswered',
    classes: cut,
  },
  {
    name: 'kept connection closed, GET',
    population: 'reused',
    posts: false,
    misdeed: 'close-unanswered',
    classes: cut,
  },
  {
    name: 'kept connection reset, GET',
    population: 'reused',
    posts: false,
    misdeed: 'reset-unanswered',
    classes: cut,
  },
  {
    name: 'kept connection closed, POST',
    population: 'reused',
    posts: true,
    misdeed: 'close-unanswered',
    classes: cut,
  },
  {
    name: 'kept connection reset, POST',
    population: 'reused',
    posts: true,
    misdeed: 'reset-unanswered',
    classes: cut,
  },
  {
    name: 'closed within the body',
    population: 'reused',
    posts: false,
    misdeed: 'close-in-body',
    classes: ['truncated'],
  },
  {
    name: 'reset within the body',
    population: 'reused',
    posts: false,
    misdeed: 'reset-in-body',
    classes: ['truncated'],
  },
  { name: 'status 503', population: 'reused', posts: false, misdeed: 'unavailable', classes: ['5xx'] },
  { name: 'no answer', population: 'reused', posts: false, misdeed: 'silence', classes: ['timed-out'] },
  {
    name: "another request's answer",
    population: 'reused',
    posts: false,
    misdeed: 'another-answer',
    classes: ['wrong-answer'],
  },
]
