/** The plan as it comes in: checked whole, every problem at once, and trusted from then on. */
import { populations, type LoadPlan, type PopulationProfile } from '../model/load.ts'

export type ParsedPlan = { plan: LoadPlan; problems: null } | { plan: null; problems: string[] }

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
  checkTarget(fieldsOf(plan.target), check)
  if (plan.share !== undefined) checkShare(fieldsOf(plan.share), check)
  check(plan.ownPorts === undefined || typeof plan.ownPorts === 'boolean', 'ownPorts must be true or false')
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

function checkShare({ index, of, startAtUs }: Fields, check: Check): void {
  check(Number.isInteger(of) && Number(of) > 0, 'share.of must be a whole number above 0')
  const inRange = Number.isInteger(index) && Number(index) >= 0 && Number(index) < Number(of)
  check(inRange, 'share.index must be from 0 to below share.of')
  check(Number.isSafeInteger(startAtUs), 'share.startAtUs must be microseconds since the epoch')
}

function checkPopulation(profile: Fields, check: Check): void {
  const { population, ratePerSecond, connections, postShare, streamShare, answerMs } =
    profile as Partial<PopulationProfile>
  check(population !== undefined && populations.includes(population), 'population must be one of the three')
  check(isPositive(ratePerSecond), 'ratePerSecond must be above 0')
  const leastConnections = population === 'fresh' ? 0 : 1
  check(
    Number.isInteger(connections) && Number(connections) >= leastConnections,
    `connections must be an integer, at least ${leastConnections}`,
  )
  check(isShare(postShare), 'postShare must be from 0 to 1')
  check(isShare(streamShare), 'streamShare must be from 0 to 1')
  check(Number(postShare) + Number(streamShare) <= 1, 'postShare and streamShare must not exceed 1 together')
  check(answerMs === 0 || isPositive(answerMs), 'answerMs must be 0 or more')
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
