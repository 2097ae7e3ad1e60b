/**
 * The driver as a program of its own on another machine. It waits for its plan on a socket in its working directory,
 * and goes on when a connection breaks: what it tells is numbered and kept until it was read. When nobody has spoken to
 * it for a minute, its parent has died, and it ends.
 */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '../base/clock.ts'
import { assertNever } from '../base/assert.ts'
import { LineSplitter, toLine } from '../base/ndjson.ts'
import type { LoadMessage, LoadPlan } from '../model/load.ts'
import type { RemoteCommand, RemoteLine } from '../model/remote-load.ts'
import { KeptLines } from './kept-lines.ts'
import { parsePlan } from './plan.ts'
import { socketPath } from './relay.ts'
import type { Run, RunParts } from './run.ts'

/** An API server takes up to half a minute to come back. */
const NOBODY_LIMIT_MS = 60_000
/** Before the first word: other drivers may still be waiting for their node to fetch the image. */
const FIRST_WORD_LIMIT_MS = 300_000
/** How long the last lines may take once a signal has asked us to go. */
const LAST_WORDS_MS = 4000
/** Each write goes through a runtime, a kubelet and an API server, and wakes them all. */
const WRITE_PERIOD_US = 100_000
const LINES_PER_WRITE = 512

export type StartRun = (plan: LoadPlan, parts: RunParts) => Run

export class RemoteDriver {
  readonly #lines = new KeptLines<LoadMessage>()
  readonly #server: Server
  readonly #clock: Clock
  readonly #startRun: StartRun
  readonly #exit: (code: number) => void
  #run: Run | null = null
  #reader: Socket | null = null
  #blocked = false
  #writtenUs = 0
  #over = false
  #exitCode = 0
  #nobody: Timer

  constructor(clock: Clock, startRun: StartRun, exit: (code: number) => void, path = socketPath) {
    this.#clock = clock
    this.#startRun = startRun
    this.#exit = exit
    this.#nobody = clock.after(FIRST_WORD_LIMIT_MS, () => this.#giveUp())
    rmSync(path, { force: true })
    this.#server = createServer(socket => this.#meet(socket))
    this.#server.on('error', (error: NodeJS.ErrnoException) => {
      process.stderr.write(`load: cannot listen at ${path}: ${error.code ?? error.name}\n`)
      this.#exit(3)
    })
    this.#server.listen(path)
  }

  /** Everything was said: the program ends when it was read. */
  #close(exitCode: number): void {
    this.#exitCode = exitCode
    this.#over = true
    this.#write(this.#clock.nowUs())
    this.#endIfRead()
  }

  /** The pod is being deleted. */
  terminate(): void {
    if (this.#run === null) return this.#exit(0)
    this.#run.abort()
    // The last lines are for whoever listens.
    if (this.#reader === null) return this.#exit(1)
    this.#clock.after(LAST_WORDS_MS, () => this.#exit(1))
  }

  /** The newest connection is the reader; an older one is what the network has not yet noticed to be dead. */
  #meet(socket: Socket): void {
    this.#reader?.destroy()
    this.#reader = socket
    this.#blocked = true
    const lines = new LineSplitter(line => this.#obey(JSON.parse(line) as RemoteCommand, socket))
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => lines.push(text))
    socket.on('error', () => socket.destroy())
    socket.on('drain', () => this.#unblock(socket))
    socket.on('close', () => {
      if (this.#reader === socket) this.#reader = null
    })
  }

  #obey(command: RemoteCommand, socket: Socket): void {
    if (socket !== this.#reader) return
    this.#nobody.cancel()
    this.#nobody = this.#clock.after(NOBODY_LIMIT_MS, () => this.#giveUp())
    switch (command.type) {
      case 'ping':
        return this.#say(socket, { type: 'pong', id: command.id, atUs: this.#clock.nowUs() })
      case 'resume':
        this.#lines.resume(command.from)
        return this.#unblock(socket)
      case 'read':
        this.#lines.read(command.to)
        return this.#endIfRead()
      case 'plan':
        return this.#take(command.plan, socket)
      case 'stop':
        return this.#run?.stop()
      default:
        return assertNever(command)
    }
  }

  #take(value: LoadPlan, socket: Socket): void {
    if (this.#run !== null) return
    const { plan, problems } = parsePlan(JSON.stringify(value))
    if (problems === null) {
      this.#run = this.#startRun(plan, {
        clock: this.#clock,
        emit: (message: LoadMessage) => this.#lines.add(message),
        onTurn: nowUs => {
          if (nowUs - this.#writtenUs >= WRITE_PERIOD_US) this.#write(nowUs)
        },
        onEnded: code => this.#close(code),
      })
      return
    }
    for (const problem of problems) process.stderr.write(`load: the plan: ${problem}\n`)
    this.#say(socket, { type: 'refused', problems })
    socket.end(() => this.#exit(2))
  }

  #unblock(socket: Socket): void {
    if (socket !== this.#reader) return
    this.#blocked = false
    this.#write(this.#clock.nowUs())
  }

  #write(nowUs: number): void {
    this.#writtenUs = nowUs
    while (this.#reader !== null && !this.#blocked) {
      const lines = this.#lines.take(LINES_PER_WRITE)
      if (lines.length === 0) return
      const text = lines.map(({ number, line }): string => toLine({ type: 'line', number, message: line }))
      this.#blocked = !this.#reader.write(text.join(''))
    }
  }

  #say(socket: Socket, line: RemoteLine): void {
    socket.write(toLine(line))
  }

  #endIfRead(): void {
    if (this.#over && this.#lines.unread === 0) this.#exit(this.#exitCode)
  }

  #giveUp(): void {
    process.stderr.write('load: nobody has spoken to this driver for too long: it ends\n')
    this.#run?.abort()
    this.#exit(1)
  }
}
