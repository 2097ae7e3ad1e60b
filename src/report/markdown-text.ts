/**
 * The few Markdown forms the report uses, each escaping what it is given: sentences come from clusters and scenarios, and
 * must neither break a table nor become HTML or a link. What stands between backticks stays as it is, being code already.
 */

/** A sentence within a paragraph or a list. */
export function prose(text: string): string {
  return oneLine(text)
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : escapeProse(part)))
    .join('')
}

/** Text to be shown literally. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  const room = longest > 0 ? ' ' : ''
  return `${fence}${room}${oneLine(text)}${room}${fence}`
}

/** Columns whose name begins with `#` hold figures, and stand to the right. Cells must have been escaped. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll(/\\?\|/g, '\\|')).join(' | ')} |`
  return [
    line(columns.map(column => column.replace(/^#/, ''))),
    line(columns.map(column => (column.startsWith('#') ? '---:' : '---'))),
    ...rows.map(line),
  ]
}

export function bullets(items: readonly string[]): string[] {
  return items.map(item => `- ${item}`)
}

/** Blocks of lines, an empty line between each two; empty blocks vanish. */
export function blocks(...parts: readonly (readonly string[])[]): string[] {
  return parts
    .filter(part => part.length > 0)
    .flatMap((part, index) => (index === 0 ? [...part] : ['', ...part]))
}

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()

const escapeProse = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\[\]*_|`]/g, mark => `\\${mark}`)
