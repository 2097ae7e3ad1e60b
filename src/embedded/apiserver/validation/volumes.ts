/** A pod's volumes, and where its containers mount them. */
import type * as kube from '../../../kube/types.ts'
import type { Draft } from '../decoding/draft.ts'
import { isObject } from '../../store/json.ts'
import { checkLabelName } from './names.ts'
import type { Problems } from './problems.ts'

type Container = Draft<kube.Container>
type PodSpec = Draft<kube.PodSpec>

/** Of the sources that are common, the field that each cannot do without. */
const needed: Readonly<Record<string, string>> = {
  configMap: 'name',
  secret: 'secretName',
  hostPath: 'path',
  persistentVolumeClaim: 'claimName',
}
/** In the order in which Kubernetes looks at them. */
const sources = [
  'emptyDir',
  'hostPath',
  'secret',
  'nfs',
  'persistentVolumeClaim',
  'downwardAPI',
  'configMap',
  'projected',
  'csi',
  'ephemeral',
  'image',
]

export function checkVolumes(problems: Problems, at: string, { volumes }: PodSpec): void {
  const names = new Set<string>()
  volumes?.forEach((volume, index) => {
    const field = `${at}.volumes[${index}]`
    const name = typeof volume.name === 'string' ? volume.name : ''
    const before = problems.list.length
    checkSources(problems, field, volume)
    checkLabelName(problems, `${field}.name`, name)
    if (names.has(name)) problems.duplicate(`${field}.name`, name)
    if (problems.list.length === before) names.add(name)
  })
}

function checkSources(problems: Problems, field: string, volume: Record<string, unknown>): void {
  let found = 0
  for (const source of sources) {
    const value = volume[source]
    if (value === undefined) continue
    if (++found > 1) {
      problems.forbidden(`${field}.${source}`, 'may not specify more than 1 volume type')
      continue
    }
    const member = needed[source]
    if (member !== undefined && isObject(value) && (value[member] ?? '') === '')
      problems.required(`${field}.${source}.${member}`)
  }
}

export function checkMounts(problems: Problems, at: string, container: Container, spec: PodSpec): void {
  const volumes = new Set<string | undefined>(spec.volumes?.map(volume => volume.name))
  const paths = new Set<string>()
  container.volumeMounts?.forEach(({ name = '', mountPath = '' }, index) => {
    const field = `${at}.volumeMounts[${index}]`
    if (name === '') problems.required(`${field}.name`)
    else if (!volumes.has(name)) problems.notFound(`${field}.name`, name)
    if (mountPath === '') problems.required(`${field}.mountPath`)
    else if (paths.has(mountPath)) problems.invalid(`${field}.mountPath`, mountPath, 'must be unique')
    paths.add(mountPath)
  })
}
