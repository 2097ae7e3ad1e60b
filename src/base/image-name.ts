/** `*` in the name of an image stands for any characters: `registry.example/shop:*` is each of its tags. */

/** The key that is meant: the name itself, else the longest pattern that matches. */
export function matchImage(image: string, keys: Iterable<string>): string | null {
  let found: string | null = null
  for (const key of keys) {
    if (key === image) return key
    if (matches(key, image) && key.length > (found?.length ?? 0)) found = key
  }
  return found
}

function matches(pattern: string, image: string): boolean {
  if (!pattern.includes('*')) return false
  const parts = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(image)
}
