/** The streams of the process, passed in, so that commands can be run in a test: results to stdout, the rest to stderr. */
export interface Streams {
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
  env: NodeJS.ProcessEnv
}

/** Colour only for a person: never in a pipe, whatever CI says, and not when NO_COLOR asks for none. */
export function wantsColour(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
}

export function wantsUnicode(env: NodeJS.ProcessEnv): boolean {
  if (env.TERM === 'dumb' || env.TERM === 'linux') return false
  const locale = env.LC_ALL ?? env.LC_CTYPE ?? env.LANG ?? ''
  return locale === '' || /utf-?8/i.test(locale)
}

const PIPE_WIDTH = 120

export function widthOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): number {
  const asked = Number(env.COLUMNS)
  if (stream.isTTY) return stream.columns
  return Number.isInteger(asked) && asked >= 20 ? asked : PIPE_WIDTH
}
