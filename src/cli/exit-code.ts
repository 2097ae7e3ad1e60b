/**
 * 0 every run was as declared · 1 some run was not · 2 usage, or an invalid scenario · 3 inconclusive, or could not
 * measure · 130 / 143 interrupted by SIGINT / SIGTERM, after cleaning up.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 130 | 143

/** Wrong input: the message says what, where, and what to do; nothing was begun. */
export class UsageError extends Error {
  override name = 'UsageError'
}
