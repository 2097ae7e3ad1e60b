import type { Container } from '../../kube/types.ts'
import { expand } from './expansion.ts'

/** `command` replaces the image's entrypoint and arguments, `args` its arguments; both may refer to `$(NAME)`. */
export function commandLine(
  container: Container,
  image: { entrypoint: readonly string[]; args: readonly string[] },
  env: Record<string, string>,
): string[] {
  const written = (words: readonly string[] | undefined): string[] =>
    (words ?? []).map(word => expand(word, name => env[name]))
  if (container.command !== undefined && container.command.length > 0)
    return [...written(container.command), ...written(container.args)]
  if (container.args !== undefined && container.args.length > 0)
    return [...image.entrypoint, ...written(container.args)]
  return [...image.entrypoint, ...image.args]
}
