/**
 * "Did you mean …?": the known name that the fewest typing slips turn into the given one. Half-alike names are not
 * offered, since a wrong proposal costs more than none.
 */
export function nearestName(given: string, known: readonly string[]): string | null {
  const limit = Math.max(1, Math.floor(given.length / 3))
  let best: { name: string; slips: number } | null = null
  for (const name of known) {
    const slips = slipsBetween(given.toLowerCase(), name.toLowerCase())
    if (slips <= limit && (best === null || slips < best.slips)) best = { name, slips }
  }
  return best?.name ?? null
}

/** The sentence, or null when nothing is near. */
export function didYouMean(given: string, known: readonly string[]): string | null {
  const name = nearestName(given, known)
  return name === null ? null : `did you mean \`${name}\`?`
}

/** Insertions, deletions, replacements, and swaps of neighbours. */
function slipsBetween(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= from.length; row++) {
    rows.push([row])
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let slips = Math.min(
        cell(row - 1, column) + 1,
        cell(row, column - 1) + 1,
        cell(row - 1, column - 1) + (same ? 0 : 1),
      )
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) slips = Math.min(slips, cell(row - 2, column - 2) + 1)
      rows[row]?.push(slips)
    }
  }
  return cell(from.length, to.length)
}
