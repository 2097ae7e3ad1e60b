/**
 * A command in a container, with its input and output as text that goes on: WebSocket channels, by client-node. When
 * and why the connection ended is all that is told of its end; whether to open another is the caller's to decide.
 */
import { PassThrough, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { KubeConfig } from '@kubernetes/client-node'

export interface ExecPlace {
  namespace: string
  pod: string
  container: string
}

export interface ExecListener {
  onOutput(text: string): void
  /** Called once: the command ended, or the connection did. `why` is for people. */
  onClosed(why: string): void
}

export interface ExecStream {
  write(text: string): void
  /** Ends the connection, and with it the command's input. */
  close(): void
}

const STDERR_KEPT = 1000

/** Rejects when the connection could not be opened. */
export async function openExec(
  config: KubeConfig,
  place: ExecPlace,
  argv: string[],
  listener: ExecListener,
): Promise<ExecStream> {
  const { Exec } = await import('@kubernetes/client-node')
  const input = new PassThrough()
  let complaint = ''
  let why = 'the connection ended'
  let closed = false
  const tellClosed = (): void => {
    if (closed) return
    closed = true
    listener.onClosed(complaint === '' ? why : complaint.trim())
  }
  const socket = await new Exec(config).exec(
    place.namespace,
    place.pod,
    place.container,
    argv,
    textSink(text => listener.onOutput(text)),
    textSink(text => (complaint = (complaint + text).slice(-STDERR_KEPT))),
    input,
    false,
    status => {
      why = status.message ?? 'the command ended'
    },
  )
  // Without a listener an error of an open socket would end the process; its close says what there is to say.
  socket.addEventListener('error', () => undefined)
  socket.addEventListener('close', tellClosed)
  if (socket.readyState > socket.OPEN) tellClosed()
  return {
    write(text) {
      if (!closed) input.write(text)
    },
    close() {
      input.destroy()
      socket.terminate()
      tellClosed()
    },
  }
}

function textSink(onText: (text: string) => void): Writable {
  const decoder = new StringDecoder('utf8')
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      onText(decoder.write(chunk))
      done()
    },
  })
}
