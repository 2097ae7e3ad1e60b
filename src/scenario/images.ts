/**
 * A workload's images as programs of this machine: `images:` of a scenario says for each image which command it starts
 * and what else it contains, as a Dockerfile would. Everything is looked up here, so that a program that is missing is
 * told with its line before anything starts.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'
import { z } from 'zod'
import type { ImageContents } from '../model/embedded-cluster.ts'
import type { Inconsistency } from './inconsistency.ts'
import type { Path } from './yaml-source.ts'

const word = (what: string): z.ZodString => z.string({ error: what }).min(1, { error: what })
const words = (what: string) => z.array(z.string({ error: what }), { error: what })

const containsSchema = z.union(
  [z.array(word('the name of a command')), z.record(z.string(), word('a path on this machine'))],
  { error: 'a list of commands, as `[sh, sleep]`, or a map of names to paths on this machine' },
)

const imageSchema = z
  .strictObject(
    {
      command: words('a command and its words, as `[node, ./server.js]`').min(1, {
        error: 'a command and its words, as `[node, ./server.js]`',
      }),
      args: words('a list of arguments').optional(),
      env: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean()], { error: 'a text' }), {
          error: 'a map of variables',
        })
        .optional(),
      contains: containsSchema.optional(),
      workingDir: word('a folder, relative to this file').optional(),
    },
    { error: 'a map with at least `command`' },
  )
  .meta({ noun: 'key of an image' })

export const imagesSchema = z.record(z.string(), imageSchema, {
  error: 'a map from the names of images to `{ command: […] }`',
})
export type ImagesFile = z.infer<typeof imagesSchema>

/** What is looked up on this machine. */
export interface LocalPrograms {
  isExecutable(file: string): boolean
  isFolder(file: string): boolean
  exists(file: string): boolean
  /** Folders in which a command without a slash is looked for. */
  path: readonly string[]
}

export function localPrograms(env: NodeJS.ProcessEnv = process.env): LocalPrograms {
  const stat = (file: string) => statSync(file, { throwIfNoEntry: false })
  return {
    isExecutable(file) {
      try {
        accessSync(file, constants.X_OK)
        return stat(file)?.isFile() === true
      } catch {
        return false
      }
    },
    isFolder: file => stat(file)?.isDirectory() === true,
    exists: file => stat(file) !== undefined,
    path: (env.PATH ?? '/usr/bin:/bin').split(delimiter).filter(folder => folder !== ''),
  }
}

export interface ResolvedImages {
  images: Record<string, ImageContents>
  problems: Inconsistency[]
}

/** `folder`: that of the file, to which paths are relative. `at`: where the map stands in it. */
export function resolveImages(
  written: ImagesFile,
  folder: string,
  at: Path,
  programs: LocalPrograms = localPrograms(),
): ResolvedImages {
  const problems: Inconsistency[] = []
  const images: Record<string, ImageContents> = {}
  for (const [name, image] of Object.entries(written))
    images[name] = new Resolver(folder, [...at, name], programs, problems).image(image)
  return { images, problems }
}

class Resolver {
  readonly #folder: string
  readonly #at: Path
  readonly #programs: LocalPrograms
  readonly #problems: Inconsistency[]

  constructor(folder: string, at: Path, programs: LocalPrograms, problems: Inconsistency[]) {
    this.#folder = folder
    this.#at = at
    this.#programs = programs
    this.#problems = problems
  }

  image({ command, args = [], env = {}, contains = [], workingDir }: ImagesFile[string]): ImageContents {
    const [program = '', ...rest] = command
    const commands = { ...this.#contained(contains), ...this.#program(program) }
    return {
      commands,
      entrypoint: [
        basename(program),
        ...rest.map((each, index) => this.#argument(each, ['command', index + 1])),
      ],
      args: args.map((each, index) => this.#argument(each, ['args', index])),
      env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)])),
      workingDir: workingDir === undefined ? null : this.#workingDir(workingDir),
    }
  }

  #program(program: string): Record<string, string[]> {
    const file = this.#find(program, ['command', 0])
    return file === null ? {} : { [basename(program)]: [file] }
  }

  #contained(contains: NonNullable<ImagesFile[string]['contains']>): Record<string, string[]> {
    const wanted = Array.isArray(contains)
      ? contains.map((name, index) => [basename(name), name, index] as const)
      : Object.entries(contains).map(([name, file]) => [basename(name), file, name] as const)
    return Object.fromEntries(
      wanted.flatMap(([name, program, step]) => {
        const file = this.#find(program, ['contains', step])
        return file === null ? [] : [[name, [file]]]
      }),
    )
  }

  /** With a slash it is a path, relative to the file; without one it is looked for as a shell would. */
  #find(program: string, at: Path): string | null {
    const places = program.includes('/')
      ? [resolve(this.#folder, program)]
      : this.#programs.path.map(folder => join(folder, program))
    const found = places.find(place => this.#programs.isExecutable(place))
    if (found !== undefined) return found
    const there = program.includes('/') && this.#programs.exists(places[0] ?? '')
    const message = there
      ? `${String(places[0])} cannot be executed`
      : `there is no command \`${program}\` on this machine`
    const where = program.includes('/') ? String(places[0]) : `a file in one of the folders of PATH`
    this.#refuse(at, message, there ? 'a file with the permission to execute it' : where)
    return null
  }

  /** `./` and `../` begin a path that is relative to the file; any other word stays as it is. */
  #argument(argument: string, at: Path): string {
    if (!/^\.\.?\//.test(argument)) return argument
    const file = resolve(this.#folder, argument)
    if (!this.#programs.exists(file))
      this.#refuse(at, `there is no file ${file}`, 'a path relative to this file')
    return file
  }

  #workingDir(folder: string): string {
    const full = resolve(this.#folder, folder)
    if (!this.#programs.isFolder(full))
      this.#refuse(['workingDir'], `there is no folder ${full}`, 'a folder, relative to this file')
    return full
  }

  #refuse(at: Path, message: string, expected: string): void {
    this.#problems.push({ path: [...this.#at, ...at], message, advice: { expected } })
  }
}
