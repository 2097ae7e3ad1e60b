/** Kubernetes's timestamps: RFC 3339 with a resolution of one second. */
export function timestamp(us: number): string {
  return new Date(Math.floor(us / 1_000_000) * 1000).toISOString().replace('.000Z', 'Z')
}

/** Microseconds since the epoch; 0 for an absent timestamp, so that it sorts as the oldest. */
export function instantUs(text: string | undefined): number {
  if (text === undefined) return 0
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? 0 : ms * 1000
}
