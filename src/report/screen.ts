/**
 * What the terminal can show: its width, colour or none, Unicode or ASCII. Colour only repeats what words already say.
 * Text that came from a cluster is cleaned of control characters, so that it cannot drive the terminal.
 */
import picocolors from 'picocolors'

export type Style = 'plain' | 'strong' | 'faint' | 'good' | 'bad' | 'unsure'

export interface Screen {
  width: number
  /** Where sentences break: longer lines are hard to read, however wide the terminal is. */
  textWidth: number
  glyphs: Glyphs
  paint(style: Style, text: string): string
  /** Free text as this terminal can show it. */
  clean(text: string): string
}

interface Glyphs {
  yes: string
  no: string
  unknown: string
  why: string
  found: string
  remedy: string
  rule: string
  none: string
  separator: string
}

const unicodeGlyphs: Glyphs = {
  yes: '✓',
  no: '✗',
  unknown: '?',
  why: '└',
  found: '!',
  remedy: '→',
  rule: '─',
  none: '–',
  separator: ' · ',
}

const asciiGlyphs: Glyphs = {
  yes: '+',
  no: 'x',
  unknown: '?',
  why: '-',
  found: '!',
  remedy: '>',
  rule: '-',
  none: '-',
  separator: '; ',
}

export function makeScreen(options: { width: number; colour: boolean; unicode?: boolean }): Screen {
  const unicode = options.unicode ?? true
  const colours = picocolors.createColors(options.colour)
  const paints: Record<Style, (text: string) => string> = {
    plain: text => text,
    strong: colours.bold,
    faint: colours.dim,
    good: colours.green,
    bad: text => colours.bold(colours.red(text)),
    unsure: colours.yellow,
  }
  const width = Math.max(20, Math.floor(options.width))
  return {
    width,
    textWidth: Math.min(width, 118),
    glyphs: unicode ? unicodeGlyphs : asciiGlyphs,
    paint: (style, text) => (text === '' ? '' : paints[style](text)),
    clean: text => (unicode ? printable(text) : toAscii(printable(text))),
  }
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

const asciiForms: Record<string, string> = {
  '–': '-',
  '—': '-',
  '−': '-',
  '→': '->',
  '≤': '<=',
  '≥': '>=',
  '≈': '~',
  '×': 'x',
  '·': ';',
  '±': '+-',
  '…': '...',
  µ: 'u',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '✓': '+',
  '✗': 'x',
}

function toAscii(text: string): string {
  const plain = text.replaceAll(/\p{Zs}/gu, ' ').replaceAll(/[^ -~]/gu, mark => asciiForms[mark] ?? mark)
  return plain
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^ -~]/gu, '?')
}
