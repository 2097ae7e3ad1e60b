/**
 * events.k8s.io/v1: the Events of core/v1 under newer names (kubernetes pkg/apis/events/v1/conversion.go). Written in this
 * form, they must be of the newer kind: with the time of the event, and without what only the older recorder fills in.
 */
import type { Json, JsonObject } from '../../store/json.ts'
import { isObject, sameJson, without } from '../../store/json.ts'
import type { Problems } from '../validation/problems.ts'
import type { View } from './view.ts'

/** By the name in core/v1. */
const names = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
} as const

const toView = new Map<string, string>(Object.entries(names))
const toCore = new Map([...toView].map(([core, view]) => [view, core]))

/** What a field selector of this form may name, and what that is in the stored one. */
export const eventSelectors: ReadonlyMap<string, string> = new Map([
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
    name => [`regarding.${name}`, `involvedObject.${name}`] as const,
  ),
  ['reportingController', 'reportingComponent'],
  ...['metadata.name', 'metadata.namespace', 'reason', 'type'].map(name => [name, name] as const),
])

export const eventView: View = {
  toStored: body => ({ ...renamed(body, toCore), apiVersion: 'v1' }),
  fromStored: object => ({
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    ...renamed(without(object, 'kind', 'apiVersion'), toView),
    // A time that nobody set is null there, never absent.
    eventTime: object['eventTime'] ?? null,
  }),
  check(problems, next, previous) {
    // An Event without a time is one of the older recorder's.
    if (isSet(next['eventTime'])) checkReporter(problems, next)
    if (previous === null) checkNew(problems, next)
    else checkUpdate(problems, next, previous)
  },
}

function renamed(object: JsonObject, to: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [to.get(name) ?? name, value]))
}

/** Absent, null, '', 0 and {} are all nothing. */
function isSet(value: Json | undefined): boolean {
  if (isObject(value)) return Object.values(value).some(isSet)
  return value !== undefined && value !== null && value !== '' && value !== 0
}

const textLimit = 128
const noteLimit = 1024

function checkReporter(problems: Problems, event: JsonObject): void {
  if (!isSet(event['reportingComponent'])) problems.required('reportingController')
  for (const name of ['reportingInstance', 'action', 'reason'] as const) {
    if (!isSet(event[name])) problems.required(name)
    if (lengthOf(event[name]) > textLimit)
      problems.invalid(name, '', `can have at most ${textLimit} characters`)
  }
  if (lengthOf(event['message']) > noteLimit)
    problems.invalid('message', '', `can have at most ${noteLimit} characters`)
}

function checkNew(problems: Problems, event: JsonObject): void {
  checkSeries(problems, event['series'])
  if (!isSet(event['eventTime'])) problems.required('eventTime')
  const { type } = event
  if (type !== 'Normal' && type !== 'Warning')
    problems.invalid('type', '', `has invalid value: ${typeof type === 'string' ? type : ''}`)
  for (const name of ['firstTimestamp', 'lastTimestamp', 'count', 'source'] as const)
    if (isSet(event[name])) problems.invalid(name, '', 'needs to be unset')
}

function checkSeries(problems: Problems, series: Json | undefined): void {
  if (!isObject(series)) return
  if (!(Number(series['count']) >= 2)) problems.invalid('series.count', '', 'should be at least 2')
  if (!isSet(series['lastObservedTime'])) problems.required('series.lastObservedTime')
}

const immutable = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reportingComponent',
  'reportingInstance',
  'action',
  'related',
  'type',
  'eventTime',
]

/** What happened is not told otherwise later; how often, in a series, is. */
function checkUpdate(problems: Problems, next: JsonObject, previous: JsonObject): void {
  if (!sameJson(next['series'], previous['series'])) checkSeries(problems, next['series'])
  for (const name of immutable) {
    const [now, before] = [next[name], previous[name]]
    if (isSet(now) === isSet(before) && (!isSet(now) || sameJson(now, before))) continue
    problems.invalid(name, now ?? null, 'field is immutable')
  }
}

function lengthOf(text: Json | undefined): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : 0
}
