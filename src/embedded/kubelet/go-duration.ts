/** A duration of whole seconds as Go prints it, which is how it stands in the kubelet's messages: `45s`, `1m20s`. */
export function goDuration(ms: number): string {
  const whole = Math.floor(ms / 1000)
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  const seconds = `${whole % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
