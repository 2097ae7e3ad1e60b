/** The API server's registry with the windows that tests look through: every write, and Events as they are told. */
import type { Random } from '../../../base/random.ts'
import type { Clock } from '../../../base/clock.ts'
import { createRegistry } from '../../apiserver/registry.ts'
import { resourceKinds } from '../../apiserver/resources.ts'
import { defaultSettings } from '../../settings.ts'
import type { TestApi } from './test-api.ts'

export function registryApi(clock: Clock, random: Random): TestApi {
  const registry = createRegistry({ clock, settings: defaultSettings, random })
  const api: TestApi = {
    ...registry,
    recordEvent(about, type, reason, message, component, fieldPath) {
      api.events.push({ about: about.metadata.name, reason, message })
      registry.recordEvent(about, type, reason, message, component, fieldPath)
    },
    events: [],
    onWrite: () => undefined,
    evict: (namespace, pod) => void registry.evict(namespace, pod),
  }
  for (const { resource } of resourceKinds)
    registry.onChange(resource, ({ object }) => api.onWrite(resource, object))
  return api
}
