/** What the app is told, all by environment variables, so that a manifest's patch shows the whole difference. */

export const waysOfShuttingDown = ['exit', 'ignore', 'close-idle', 'announce', 'cut'] as const
export type WayOfShuttingDown = (typeof waysOfShuttingDown)[number]

export const protocols = ['http/1.1', 'h2c'] as const
export type Protocol = (typeof protocols)[number]

export interface AppSettings {
  podName: string
  version: string
  /** Address to listen on: the pod's own, or all. */
  host: string
  port: number
  protocol: Protocol
  /** The app listens this long after its process started, as real servers do. */
  startDelayMs: number
  keepAliveTimeoutMs: number
  shutdown: WayOfShuttingDown
  /** Time limit of the way of shutting down. */
  shutdownLimitMs: number
  /** Whether readiness dials the database. */
  databaseCheck: boolean
  database: { host: string; port: number }
  /** Exists while the app is live; relative to the working directory. */
  liveFile: string
}

export function readSettings(env: NodeJS.ProcessEnv): AppSettings {
  return {
    podName: env.POD_NAME ?? env.HOSTNAME ?? 'unknown',
    version: env.VERSION ?? '1',
    host: env.POD_IP ?? '0.0.0.0',
    port: count(env, 'PORT', 8080),
    protocol: oneOf(env, 'PROTOCOL', protocols),
    startDelayMs: count(env, 'START_DELAY_MS', 0),
    keepAliveTimeoutMs: count(env, 'KEEP_ALIVE_TIMEOUT_MS', 75_000),
    shutdown: oneOf(env, 'SHUTDOWN', waysOfShuttingDown, 'close-idle'),
    shutdownLimitMs: count(env, 'SHUTDOWN_LIMIT_MS', 30_000),
    databaseCheck: env.DATABASE_CHECK === 'true',
    database: {
      host: env.DATABASE_HOST ?? env.DATABASE_SERVICE_HOST ?? '127.0.0.1',
      port: count(env, env.DATABASE_HOST === undefined ? 'DATABASE_SERVICE_PORT' : 'DATABASE_PORT', 5432),
    },
    liveFile: env.LIVE_FILE ?? 'live',
  }
}

function count(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`${name}=${text}: expected a whole number, 0 or more`)
  return value
}

/** The first one where nothing is said, unless told otherwise. */
function oneOf<Name extends string>(
  env: NodeJS.ProcessEnv,
  variable: string,
  names: readonly [Name, ...Name[]],
  fallback: Name = names[0],
): Name {
  const text = env[variable] ?? fallback
  const name = names.find(known => known === text)
  if (name === undefined) throw new Error(`${variable}=${text}: expected one of ${names.join(', ')}`)
  return name
}
