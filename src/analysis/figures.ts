/** Numbers as people read them. */

/** Milliseconds with one decimal below ten, none above: `3.2`, `412`. */
export function inMs(us: number): string {
  const ms = us / 1000
  const rounded = Math.abs(ms) < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)
  return `${rounded === 0 ? 0 : rounded} ms`
}

/** `+412 ms`, `-3 ms`: an offset from a named origin. */
export function offset(us: number): string {
  const text = inMs(us)
  return text.startsWith('-') ? text : `+${text}`
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`
}

/** The first few names, and how many more. */
export function someOf(names: readonly string[], limit = 3): string {
  if (names.length <= limit) return listed(names)
  return `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** Nearest rank: a value that really occurred. `sorted` is ascending; null when empty. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null
}
