/** Ages as kubectl prints them: two units at most, coarser the longer. */
export function ageText(sinceStamp: string | undefined, nowUs: number): string {
  if (sinceStamp === undefined) return '<unknown>'
  const seconds = Math.floor((nowUs / 1000 - Date.parse(sinceStamp)) / 1000)
  return Number.isNaN(seconds) ? '<unknown>' : durationText(Math.max(0, seconds))
}

export function durationText(seconds: number): string {
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (days < 8) return two(days, 'd', hours % 24, 'h')
  return `${days}d`
}

function two(count: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${count}${unit}` : `${count}${unit}${rest}${restUnit}`
}
