/** Timestamps as Kubernetes writes them: UTC, whole seconds. */
export function timestamp(atUs: number): string {
  return new Date(Math.floor(atUs / 1_000_000) * 1000).toISOString().replace('.000Z', 'Z')
}

export function plusSeconds(stamp: string, seconds: number): string {
  return timestamp((Date.parse(stamp) + seconds * 1000) * 1000)
}
