/** The cells of what leads traffic: Services and their endpoints, Ingresses, NetworkPolicies. */
import type { EndpointSlice, KubeObject, LabelSelector, Service } from '../../../kube/types.ts'
import type { Json } from '../../store/json.ts'
import { ageColumn, column, nameColumn, wide, type Column } from './column.ts'
import { field, firstThree, listAt, orElse, pairs, selectorText, textAt } from './texts.ts'

export const networkColumns: Record<string, Column[]> = {
  services: [
    nameColumn,
    column<Service>('Type', ({ spec }) => spec.type ?? ''),
    column<Service>('Cluster-IP', ({ spec }) => spec.clusterIPs?.[0] ?? spec.clusterIP ?? '<none>'),
    column<Service>('External-IP', externalIP),
    column<Service>('Port(s)', servicePorts),
    ageColumn,
    wide<Service>('Selector', ({ spec }) => pairs(spec.selector)),
  ],
  endpoints: [nameColumn, column('Endpoints', endpointsText), ageColumn],
  endpointslices: [
    nameColumn,
    column<EndpointSlice>('AddressType', ({ addressType }) => addressType),
    column<EndpointSlice>('Ports', ({ ports }) =>
      firstThree(
        (ports ?? []).map(({ port, name }) => String(port ?? name ?? '*')),
        '<unset>',
      ),
    ),
    column<EndpointSlice>('Endpoints', slice =>
      firstThree(
        listAt(slice, 'endpoints').flatMap(endpoint => listAt(endpoint, 'addresses').map(String)),
        '<unset>',
      ),
    ),
    ageColumn,
  ],
  ingresses: [
    nameColumn,
    column('Class', ingress => orElse(textAt(ingress, 'spec', 'ingressClassName'), '<none>')),
    column('Hosts', ingressHosts),
    column('Address', ingress => balancerAddresses(ingress).join(',')),
    column('Ports', ingress => (listAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  ingressclasses: [
    nameColumn,
    column('Controller', object => textAt(object, 'spec', 'controller')),
    column('Parameters', object => {
      const parameters = field(object, 'spec', 'parameters')
      if (parameters === null) return '<none>'
      const group = textAt(parameters, 'apiGroup')
      const kind = `${textAt(parameters, 'kind')}${group === '' ? '' : `.${group}`}`
      return `${kind}/${textAt(parameters, 'name')}`
    }),
    ageColumn,
  ],
  networkpolicies: [
    nameColumn,
    column('Pod-Selector', policy =>
      selectorText((field(policy, 'spec', 'podSelector') ?? {}) as unknown as LabelSelector),
    ),
    ageColumn,
  ],
}

function servicePorts({ spec }: Service): string {
  const texts = (spec.ports ?? []).map(({ port, nodePort = 0, protocol = 'TCP' }) =>
    nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`,
  )
  return orElse(texts.join(','), '<none>')
}

function externalIP(service: Service): string {
  const own = listAt(service, 'spec', 'externalIPs').map(String)
  switch (service.spec.type) {
    case 'ExternalName':
      return textAt(service, 'spec', 'externalName')
    case 'LoadBalancer':
      return orElse([...balancerAddresses(service), ...own].join(','), '<pending>')
    default:
      return orElse(own.join(','), '<none>')
  }
}

function balancerAddresses(object: KubeObject): string[] {
  const ingress = listAt(object, 'status', 'loadBalancer', 'ingress')
  return ingress.map(one => orElse(textAt(one, 'ip'), textAt(one, 'hostname'))).filter(text => text !== '')
}

function endpointsText(object: KubeObject): string {
  return firstThree(listAt(object, 'subsets').flatMap(subsetTexts), '<none>')
}

function subsetTexts(subset: Json): string[] {
  const addresses = listAt(subset, 'addresses').map(address => textAt(address, 'ip'))
  const ports = listAt(subset, 'ports').map(port => textAt(port, 'port'))
  if (ports.length === 0) return addresses
  return ports.flatMap(port => addresses.map(address => `${address}:${port}`))
}

function ingressHosts(ingress: KubeObject): string {
  const hosts = listAt(ingress, 'spec', 'rules').map(rule => textAt(rule, 'host'))
  return firstThree(
    hosts.filter(host => host !== ''),
    '*',
  )
}
