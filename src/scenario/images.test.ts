import { expect, test } from 'vitest'
import { matchImage } from '../base/image-name.ts'
import { parseImagesFile } from './images-file.ts'
import { resolveImages, type LocalPrograms } from './images.ts'
import { formatProblems } from './problems.ts'

const files = new Set(['/shop/server.js', '/shop/tools/check', '/usr/bin/node', '/usr/bin/sleep'])
const programs: LocalPrograms = {
  isExecutable: file => files.has(file) && !file.endsWith('.js'),
  isFolder: file => file === '/shop/work',
  exists: file => files.has(file),
  path: ['/bin', '/usr/bin'],
}

test('an image is a command, what else it contains, its variables and its folder', () => {
  const written = {
    'shop:*': {
      command: ['node', './server.js', '--port', '$(PORT)'],
      args: ['serve'],
      env: { PORT: '$(PORT)', WORKERS: 2 },
      contains: { check: './tools/check' },
      workingDir: 'work',
    },
    tools: { command: ['sleep', '5'], contains: ['node'] },
  }
  expect(resolveImages(written, '/shop', ['images'], programs)).toEqual({
    problems: [],
    images: {
      'shop:*': {
        commands: { node: ['/usr/bin/node'], check: ['/shop/tools/check'] },
        entrypoint: ['node', '/shop/server.js', '--port', '$(PORT)'],
        args: ['serve'],
        env: { PORT: '$(PORT)', WORKERS: '2' },
        workingDir: '/shop/work',
      },
      tools: {
        commands: { sleep: ['/usr/bin/sleep'], node: ['/usr/bin/node'] },
        entrypoint: ['sleep', '5'],
        args: [],
        env: {},
        workingDir: null,
      },
    },
  })
})

test('what this machine lacks is told at its line, all at once', () => {
  const text = `images:
  shop:
    command: [nowhere-to-be-found, ./server.js]
    contains: [sh, neither-is-this]
    workingDir: nowhere
`
  const parsed = parseImagesFile(text, '/nonexistent/images.yaml')
  const shown = parsed.ok ? '' : formatProblems(parsed.problems)
  expect(shown).toContain('images.yaml:3:15: there is no command `nowhere-to-be-found` on this machine')
  expect(shown).toContain('images.yaml:3:36: there is no file /nonexistent/server.js')
  expect(shown).toContain('images.yaml:4:20: there is no command `neither-is-this` on this machine')
  expect(shown).toContain('images.yaml:5:17: there is no folder /nonexistent/nowhere')
  expect(shown).toContain('4 problems')
})

test('a misspelt key is told by its name', () => {
  const parsed = parseImagesFile('images:\n  shop: { comand: [sh] }\n', 'images.yaml')
  expect(parsed.ok ? '' : formatProblems(parsed.problems)).toContain('did you mean `command`?')
})

test('the name of an image is found as it is, or by the longest pattern', () => {
  const keys = ['shop:1', 'shop:*', '*', 'shop:2*']
  expect(matchImage('shop:1', keys)).toBe('shop:1')
  expect(matchImage('shop:2.1', keys)).toBe('shop:2*')
  expect(matchImage('shop:3', keys)).toBe('shop:*')
  expect(matchImage('other', keys)).toBe('*')
  expect(matchImage('shopx', ['shop.'])).toBeNull()
})
