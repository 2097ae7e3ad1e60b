/** The plan as it comes in: checked whole, every problem at once, and trusted from then on. */
import { pacings, populations, protocols, type LoadPlan, type PopulationProfile } from '../model/load.ts'
import { isSpoken } from './channels.ts'

export type ParsedPlan = { plan: LoadPlan; problems: null } | { plan: null; problems: string[] }

const records: readonly unknown[] = ['samples', 'summary']

type Fields = Record<string, unknown>

export function parsePlan(line: string): ParsedPlan {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { plan: null, problems: ['it is not JSON'] }
  }
  const problems: string[] = []
  const check: Check = (right, problem) => {
    if (!right) problems.push(problem)
  }
  const plan = fieldsOf(value)
  check(plan.version === 1, 'version must be 1')
  check(matches(plan.runPrefix, /^[0-9a-f]{8}$/), 'runPrefix must be 8 lower-case hex digits')
  check(matches(plan.host, /^[\x21-\x7e]+$/), 'host must be the value of a Host header')
  check(Number.isInteger(plan.seed), 'seed must be an integer')
  check(isPositive(plan.maxDurationMs), 'maxDurationMs must be above 0')
  check(isPositive(plan.maxInFlight), 'maxInFlight must be above 0')
  const { workers = 1, record, request = null } = plan as Partial<LoadPlan>
  check(Number.isInteger(workers) && workers >= 1 && workers <= 64, 'workers must be an integer from 1 to 64')
  check(record === undefined || records.includes(record), 'record must be samples or summary')
  if (request !== null) checkRequest(fieldsOf(request), check)
  checkTarget(fieldsOf(plan.target), check)
  const profile = fieldsOf(plan.profile)
  check(isPositive(profile.connectTimeoutMs), 'profile.connectTimeoutMs must be above 0')
  check(isPositive(profile.firstByteTimeoutMs), 'profile.firstByteTimeoutMs must be above 0')
  const declared: unknown[] = Array.isArray(profile.populations) ? profile.populations : []
  check(declared.length > 0, 'profile.populations must name at least one population')
  declared.forEach((population, position) =>
    checkPopulation(fieldsOf(population), (right, problem) =>
      check(right, `profile.populations[${position}].${problem}`),
    ),
  )
  return problems.length > 0 ? { plan: null, problems } : { plan: value as LoadPlan, problems: null }
}

type Check = (right: boolean, problem: string) => void

function checkTarget(target: Fields, check: Check): void {
  if (target.tls !== undefined && target.tls !== null) {
    const { servername, verify, ca } = fieldsOf(target.tls)
    check(matches(servername, /^\S+$/), 'target.tls.servername must be a name')
    check(typeof verify === 'boolean', 'target.tls.verify must be true or false')
    check(ca === undefined || typeof ca === 'string', 'target.tls.ca must be certificates in PEM')
  }
  if (target.kind === 'address') {
    check(matches(target.host, /^\S+$/), 'target.host must be an address or a name')
    check(isPort(target.port), 'target.port must be a port')
  } else if (target.kind === 'forwarding') {
    check(matches(target.url, /^http:\/\/\S+$/), 'target.url must be an http URL')
    check(matches(target.token, /^[\x21-\x7e]+$/), 'target.token must be a bearer token')
    check(matches(target.service, /^\S+$/), 'target.service must be like default/web:8080')
  } else {
    check(false, 'target.kind must be forwarding or address')
  }
}

/** A line break in any of these would make two requests of one. */
function checkRequest({ method, path, headers, body }: Fields, check: Check): void {
  check(matches(method, /^[A-Z]+$/), 'request.method must be like GET')
  check(matches(path, /^\/[\x21-\x7e]*$/), 'request.path must begin with / and hold no space')
  const isHeader = (header: unknown): boolean =>
    Array.isArray(header) &&
    matches(header[0], /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/) &&
    matches(header[1], /^[^\0\r\n]*$/)
  check(
    Array.isArray(headers) && headers.every(isHeader),
    'request.headers must be a list of names and values',
  )
  check(body === null || typeof body === 'string', 'request.body must be a text or null')
}

function checkPopulation(profile: Fields, check: Check): void {
  const { population, ratePerSecond, connections, postShare, streamShare, answerMs } =
    profile as Partial<PopulationProfile>
  check(
    population !== undefined && populations.includes(population),
    `population must be one of ${populations.join(', ')}`,
  )
  const { pacing = 'constant', steps } = profile as Partial<PopulationProfile>
  check(pacings.includes(pacing), `pacing must be one of ${pacings.join(', ')}`)
  const { protocol = 'http/1.1' } = profile as Partial<PopulationProfile>
  check(
    protocols.includes(protocol) && isSpoken(protocol),
    `protocol must be one of ${protocols.filter(isSpoken).join(', ')}`,
  )
  check(
    steps === undefined || isSteps(steps),
    'steps must be a list of rates of 0 or more, with durations above 0',
  )
  check(
    isPositive(ratePerSecond) || pacing === 'closed' || steps !== undefined,
    'ratePerSecond must be above 0',
  )
  checkTimes(profile, check)
  const { concurrency } = profile
  check(concurrency === undefined || isPositive(concurrency), 'concurrency must be above 0')
  const isFree = (population === 'fresh' && pacing !== 'closed') || population === 'idle'
  const leastConnections = isFree ? 0 : 1
  check(
    Number.isInteger(connections) && Number(connections) >= leastConnections,
    `connections must be an integer, at least ${leastConnections}`,
  )
  check(isShare(postShare), 'postShare must be from 0 to 1')
  check(isShare(streamShare), 'streamShare must be from 0 to 1')
  check(Number(postShare) + Number(streamShare) <= 1, 'postShare and streamShare must not exceed 1 together')
  check(answerMs === 0 || isPositive(answerMs), 'answerMs must be 0 or more')
}

function checkTimes(profile: Fields, check: Check): void {
  const { idleMs, idleJitterMs, uploadMs } = profile
  check(idleMs === undefined || isPositive(idleMs), 'idleMs must be above 0')
  const jitterIsRight =
    idleJitterMs === undefined ||
    idleJitterMs === 0 ||
    (isPositive(idleJitterMs) && Number(idleJitterMs) <= Number(idleMs ?? 0))
  check(jitterIsRight, 'idleJitterMs must be from 0 to idleMs')
  check(uploadMs === undefined || uploadMs === 0 || isPositive(uploadMs), 'uploadMs must be 0 or more')
}

function isSteps(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(step => {
      const { ratePerSecond, durationMs } = fieldsOf(step)
      return (ratePerSecond === 0 || isPositive(ratePerSecond)) && isPositive(durationMs)
    })
  )
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}

function isShare(value: unknown): boolean {
  return value === 0 || (isPositive(value) && Number(value) <= 1)
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536
}
