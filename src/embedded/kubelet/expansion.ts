/**
 * `$(NAME)` in commands, arguments and environment values: replaced when NAME is known, left as written when not;
 * `$$` stands for one `$` and so escapes a reference.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^()$]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? whole),
  )
}
