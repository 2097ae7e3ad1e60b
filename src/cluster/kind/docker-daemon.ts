/** Whether Docker can be used here, and if not, why: told from the socket's error code, not from anybody's text. */
import net from 'node:net'
import { systemClock } from '../../base/clock.ts'
import { lastWords, NOT_FOUND, type Tool } from './tools.ts'
import type { KindProblem } from './problem.ts'

export interface DockerFacts {
  memoryBytes: number
  rootFolder: string
  hostName: string
}

interface DockerInfo {
  MemTotal?: number
  DockerRootDir?: string
  Name?: string
  ServerErrors?: string[] | null
}

const SOCKET_LIMIT_MS = 2000

export async function askDocker(tool: Tool, env: NodeJS.ProcessEnv): Promise<DockerFacts | KindProblem> {
  const end = await tool('docker', ['info', '--format', '{{json .}}'])
  if (end.exitCode === NOT_FOUND)
    return here(
      'docker is not installed (or not on the PATH): install it (https://docs.docker.com/engine/install), or leave out --cluster kind',
    )
  const info = parseInfo(end.stdout)
  if (end.exitCode !== 0 || info === null || (info.ServerErrors ?? []).length > 0)
    return diagnose(tool, env, info?.ServerErrors?.[0] ?? lastWords(end))
  return {
    memoryBytes: info.MemTotal ?? 0,
    rootFolder: info.DockerRootDir ?? '',
    hostName: info.Name ?? '',
  }
}

async function diagnose(tool: Tool, env: NodeJS.ProcessEnv, said: string): Promise<KindProblem> {
  const endpoint = env.DOCKER_HOST ?? (await contextEndpoint(tool))
  const socket = endpoint.startsWith('unix://') ? endpoint.slice('unix://'.length) : null
  const code = socket === null ? null : await connectCode(socket)
  if (code === 'EACCES' || code === 'EPERM')
    return here(
      `this user may not use Docker's socket ${socket ?? ''}: add the user to the group \`docker\` and log in again, or run as one who may`,
    )
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return here(
      `Docker is not running (nobody listens at ${socket ?? ''}): start it, as with \`systemctl start docker\`, or say where it is by DOCKER_HOST`,
    )
  return here(`Docker does not answer at ${endpoint}: ${said}`)
}

async function contextEndpoint(tool: Tool): Promise<string> {
  const end = await tool('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'])
  const host = end.stdout.trim()
  return end.exitCode === 0 && host !== '' ? host : 'unix:///var/run/docker.sock'
}

/** Null when the connection was made, or nothing came of it in time. */
function connectCode(socketPath: string): Promise<string | null> {
  return new Promise(resolve => {
    const socket = net.connect({ path: socketPath })
    const limit = systemClock.after(SOCKET_LIMIT_MS, () => finish(null))
    const finish = (code: string | null): void => {
      limit.cancel()
      socket.destroy()
      resolve(code)
    }
    socket.once('connect', () => finish(null))
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? null))
  })
}

function parseInfo(text: string): DockerInfo | null {
  try {
    return JSON.parse(text) as DockerInfo
  } catch {
    return null
  }
}

function here(message: string): KindProblem {
  return { fault: 'here', message }
}
