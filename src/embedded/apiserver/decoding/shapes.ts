/**
 * The JSON types of the fields that this program reads, so that the rest may trust kube/types.ts. Fields that are not
 * named here are kept as they came: a user's manifest passes through whole.
 */
import type { ResourceName } from '../../cluster-api.ts'

export type Shape =
  | 'string'
  | 'integer'
  | 'boolean'
  | 'intOrString'
  | 'quantity'
  | 'object'
  | { list: Shape }
  | { map: Shape }
  | Fields
export interface Fields {
  fields: Record<string, Shape>
}

const strings: Shape = { list: 'string' }
const stringMap: Shape = { map: 'string' }
const objects: Shape = { list: 'object' }

function of(fields: Record<string, Shape>): Fields {
  return { fields }
}

const objectMeta = of({
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  uid: 'string',
  resourceVersion: 'string',
  generation: 'integer',
  creationTimestamp: 'string',
  deletionTimestamp: 'string',
  deletionGracePeriodSeconds: 'integer',
  labels: stringMap,
  annotations: stringMap,
  finalizers: strings,
  ownerReferences: {
    list: of({
      apiVersion: 'string',
      kind: 'string',
      name: 'string',
      uid: 'string',
      controller: 'boolean',
      blockOwnerDeletion: 'boolean',
    }),
  },
  managedFields: objects,
})

const requirements: Shape = { list: of({ key: 'string', operator: 'string', values: strings }) }
const labelSelector = of({ matchLabels: stringMap, matchExpressions: requirements })

const handler = {
  httpGet: of({
    path: 'string',
    port: 'intOrString',
    host: 'string',
    scheme: 'string',
    httpHeaders: { list: of({ name: 'string', value: 'string' }) },
  }),
  tcpSocket: of({ port: 'intOrString', host: 'string' }),
  exec: of({ command: strings }),
} as const satisfies Record<string, Shape>

const probe = of({
  ...handler,
  grpc: of({ port: 'integer', service: 'string' }),
  initialDelaySeconds: 'integer',
  periodSeconds: 'integer',
  timeoutSeconds: 'integer',
  successThreshold: 'integer',
  failureThreshold: 'integer',
  terminationGracePeriodSeconds: 'integer',
})
const lifecycleHandler = of({ ...handler, sleep: of({ seconds: 'integer' }) })

const keyReference = of({ name: 'string', key: 'string', optional: 'boolean' })
const envVar = of({
  name: 'string',
  value: 'string',
  valueFrom: of({
    fieldRef: of({ apiVersion: 'string', fieldPath: 'string' }),
    resourceFieldRef: of({ resource: 'string', containerName: 'string', divisor: 'quantity' }),
    configMapKeyRef: keyReference,
    secretKeyRef: keyReference,
  }),
})

const container = of({
  name: 'string',
  image: 'string',
  imagePullPolicy: 'string',
  command: strings,
  args: strings,
  workingDir: 'string',
  env: { list: envVar },
  ports: { list: of({ containerPort: 'integer', name: 'string', protocol: 'string', hostPort: 'integer' }) },
  resources: of({ requests: { map: 'quantity' }, limits: { map: 'quantity' } }),
  readinessProbe: probe,
  livenessProbe: probe,
  startupProbe: probe,
  lifecycle: of({ preStop: lifecycleHandler, postStart: lifecycleHandler }),
  restartPolicy: 'string',
  envFrom: {
    list: of({
      prefix: 'string',
      configMapRef: of({ name: 'string', optional: 'boolean' }),
      secretRef: of({ name: 'string', optional: 'boolean' }),
    }),
  },
  terminationMessagePath: 'string',
  terminationMessagePolicy: 'string',
  volumeMounts: {
    list: of({ name: 'string', mountPath: 'string', subPath: 'string', readOnly: 'boolean' }),
  },
})

const nodeSelectorTerm = of({ matchExpressions: requirements, matchFields: requirements })
const podAffinityTerm = of({ labelSelector, topologyKey: 'string', namespaces: strings })
const podAffinity = of({
  requiredDuringSchedulingIgnoredDuringExecution: { list: podAffinityTerm },
  preferredDuringSchedulingIgnoredDuringExecution: {
    list: of({ weight: 'integer', podAffinityTerm }),
  },
})

const podSpec = of({
  containers: { list: container },
  initContainers: { list: container },
  nodeName: 'string',
  nodeSelector: stringMap,
  affinity: of({
    nodeAffinity: of({
      requiredDuringSchedulingIgnoredDuringExecution: of({ nodeSelectorTerms: { list: nodeSelectorTerm } }),
      preferredDuringSchedulingIgnoredDuringExecution: {
        list: of({ weight: 'integer', preference: nodeSelectorTerm }),
      },
    }),
    podAffinity,
    podAntiAffinity: podAffinity,
  }),
  tolerations: {
    list: of({
      key: 'string',
      operator: 'string',
      value: 'string',
      effect: 'string',
      tolerationSeconds: 'integer',
    }),
  },
  topologySpreadConstraints: {
    list: of({ maxSkew: 'integer', topologyKey: 'string', whenUnsatisfiable: 'string', labelSelector }),
  },
  restartPolicy: 'string',
  schedulerName: 'string',
  serviceAccountName: 'string',
  hostname: 'string',
  subdomain: 'string',
  schedulingGates: { list: of({ name: 'string' }) },
  terminationGracePeriodSeconds: 'integer',
  activeDeadlineSeconds: 'integer',
  priority: 'integer',
  enableServiceLinks: 'boolean',
  hostNetwork: 'boolean',
  readinessGates: { list: of({ conditionType: 'string' }) },
  volumes: { list: of({ name: 'string' }) },
})

const template = of({ metadata: objectMeta, spec: podSpec })
const conditions: Shape = {
  list: of({ type: 'string', status: 'string', reason: 'string', message: 'string' }),
}

const kinds: Partial<Record<ResourceName, Record<string, Shape>>> = {
  pods: {
    spec: podSpec,
    status: of({
      phase: 'string',
      reason: 'string',
      podIP: 'string',
      conditions,
      containerStatuses: objects,
    }),
  },
  deployments: {
    spec: of({
      replicas: 'integer',
      selector: labelSelector,
      template,
      strategy: of({
        type: 'string',
        rollingUpdate: of({ maxSurge: 'intOrString', maxUnavailable: 'intOrString' }),
      }),
      minReadySeconds: 'integer',
      revisionHistoryLimit: 'integer',
      progressDeadlineSeconds: 'integer',
      paused: 'boolean',
    }),
    status: of({ replicas: 'integer', observedGeneration: 'integer', conditions }),
  },
  replicasets: {
    spec: of({ replicas: 'integer', selector: labelSelector, template, minReadySeconds: 'integer' }),
    status: of({ replicas: 'integer', conditions }),
  },
  statefulsets: {
    spec: of({
      replicas: 'integer',
      selector: labelSelector,
      template,
      serviceName: 'string',
      podManagementPolicy: 'string',
      updateStrategy: of({
        type: 'string',
        rollingUpdate: of({ partition: 'integer', maxUnavailable: 'intOrString' }),
      }),
      ordinals: of({ start: 'integer' }),
      volumeClaimTemplates: { list: of({ metadata: objectMeta, spec: 'object' }) },
      minReadySeconds: 'integer',
      revisionHistoryLimit: 'integer',
    }),
    status: of({ replicas: 'integer', observedGeneration: 'integer', conditions }),
  },
  daemonsets: {
    spec: of({
      selector: labelSelector,
      template,
      updateStrategy: of({
        type: 'string',
        rollingUpdate: of({ maxSurge: 'intOrString', maxUnavailable: 'intOrString' }),
      }),
      minReadySeconds: 'integer',
      revisionHistoryLimit: 'integer',
    }),
    status: of({ numberReady: 'integer', observedGeneration: 'integer', conditions }),
  },
  controllerrevisions: { revision: 'integer' },
  services: {
    spec: of({
      selector: stringMap,
      ports: {
        list: of({
          name: 'string',
          port: 'integer',
          targetPort: 'intOrString',
          protocol: 'string',
          nodePort: 'integer',
        }),
      },
      clusterIP: 'string',
      clusterIPs: strings,
      type: 'string',
      publishNotReadyAddresses: 'boolean',
      sessionAffinity: 'string',
      sessionAffinityConfig: of({ clientIP: of({ timeoutSeconds: 'integer' }) }),
      internalTrafficPolicy: 'string',
      externalTrafficPolicy: 'string',
    }),
  },
  nodes: {
    spec: of({
      unschedulable: 'boolean',
      taints: { list: of({ key: 'string', value: 'string', effect: 'string' }) },
    }),
    status: of({
      conditions,
      allocatable: { map: 'quantity' },
      capacity: { map: 'quantity' },
      addresses: { list: of({ type: 'string', address: 'string' }) },
      nodeInfo: stringMap,
    }),
  },
  poddisruptionbudgets: {
    spec: of({
      minAvailable: 'intOrString',
      maxUnavailable: 'intOrString',
      selector: labelSelector,
      unhealthyPodEvictionPolicy: 'string',
    }),
    status: of({
      observedGeneration: 'integer',
      disruptionsAllowed: 'integer',
      currentHealthy: 'integer',
      desiredHealthy: 'integer',
      expectedPods: 'integer',
      disruptedPods: stringMap,
      conditions,
    }),
  },
  endpointslices: {
    addressType: 'string',
    endpoints: {
      list: of({
        addresses: strings,
        conditions: of({ ready: 'boolean', serving: 'boolean', terminating: 'boolean' }),
        nodeName: 'string',
      }),
    },
    ports: { list: of({ name: 'string', port: 'integer', protocol: 'string' }) },
  },
  endpoints: { subsets: { list: of({ addresses: objects, notReadyAddresses: objects, ports: objects }) } },
  configmaps: { data: stringMap },
  secrets: { data: stringMap, stringData: stringMap, type: 'string' },
  events: {
    involvedObject: of({ kind: 'string', namespace: 'string', name: 'string', uid: 'string' }),
    reason: 'string',
    message: 'string',
    type: 'string',
    count: 'integer',
    firstTimestamp: 'string',
    lastTimestamp: 'string',
    source: of({ component: 'string', host: 'string' }),
  },
  namespaces: { spec: of({ finalizers: strings }), status: of({ phase: 'string' }) },
  leases: { spec: of({ holderIdentity: 'string', leaseDurationSeconds: 'integer' }) },
}

export function shapeOf(resource: ResourceName): Fields {
  return of({ apiVersion: 'string', kind: 'string', metadata: objectMeta, ...kinds[resource] })
}
