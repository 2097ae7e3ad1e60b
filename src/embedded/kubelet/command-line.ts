import type { Container } from '../../kube/types.ts'
import { expand } from './expansion.ts'

/** `command` replaces the image's entrypoint, `args` what follows its first word; both may refer to `$(NAME)`. */
export function commandLine(
  container: Container,
  entrypoint: readonly string[],
  env: Record<string, string>,
): string[] {
  const written = (words: readonly string[] | undefined): string[] =>
    (words ?? []).map(word => expand(word, name => env[name]))
  if (container.command !== undefined && container.command.length > 0)
    return [...written(container.command), ...written(container.args)]
  if (container.args !== undefined && container.args.length > 0)
    return [...entrypoint.slice(0, 1), ...written(container.args)]
  return [...entrypoint]
}
