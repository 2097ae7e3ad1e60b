import { expect, test } from 'vitest'
import { connectCall, listenCall } from './arguments.ts'

test('every way to listen on a port comes to the same options', () => {
  const done = (): void => undefined
  const shown = (...args: unknown[]): unknown => listenCall(args)?.options
  expect(shown()).toEqual({ port: 0 })
  expect(shown(done)).toEqual({ port: 0 })
  expect(shown(null, done)).toEqual({ port: 0 })
  expect(shown(8080)).toEqual({ port: 8080 })
  expect(shown('8080', done)).toEqual({ port: '8080' })
  expect(shown(8080, '0.0.0.0', done)).toEqual({ port: 8080, host: '0.0.0.0' })
  expect(shown(8080, '0.0.0.0', 511, done)).toEqual({ port: 8080, host: '0.0.0.0', backlog: 511 })
  expect(shown(8080, 511)).toEqual({ port: 8080, backlog: 511 })
  expect(shown({ port: 8080, exclusive: true }, done)).toEqual({ port: 8080, exclusive: true })
  expect(listenCall([8080, done])?.callback).toBe(done)
})

test('what is no port is left alone: a path, a handle, a file descriptor', () => {
  expect(listenCall(['/tmp/socket'])).toBeNull()
  expect(listenCall([{ path: '/tmp/socket' }])).toBeNull()
  expect(listenCall([{ fd: 3 }])).toBeNull()
  expect(listenCall([{ _handle: {} }])).toBeNull()
  expect(connectCall(['/tmp/socket'])).toBeNull()
  expect(connectCall([{ path: '/tmp/socket' }])).toBeNull()
  expect(connectCall([{ host: 'localhost' }])).toBeNull()
})

test('a path that is given but empty is none, as HTTP clients write it', () => {
  expect(connectCall([{ host: 'localhost', port: '80', path: null }])?.options.port).toBe('80')
  expect(connectCall([{ host: 'localhost', port: 80, path: undefined }])?.options.port).toBe(80)
})
