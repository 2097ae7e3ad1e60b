/**
 * What people type, with the kubectl of this machine, against the built program: that it says what it says to a real
 * cluster. Without a kubectl there is nothing to run, and the test says so.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProgram } from './testing/cluster-program.ts'

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0
if (!hasKubectl) console.warn('SKIPPED: there is no kubectl on the PATH, so none of its commands was tried')

/** One that a server on all addresses of this machine will hardly have. */
const port = 8473

let cluster: ClusterProgram
let folder: string

beforeAll(async () => {
  if (!hasKubectl) return
  folder = mkdtempSync(join(tmpdir(), 'kubectl-'))
  cluster = await ClusterProgram.start({ silenceMs: 60_000 })
  writeFileSync(join(folder, 'config'), cluster.kubeconfig)
  writeFileSync(
    join(folder, 'config-map.yaml'),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {a: "1"}\n',
  )
  writeFileSync(
    join(folder, 'monitor.yaml'),
    'apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: made}\n',
  )
  writeFileSync(join(folder, 'editor'), '#!/bin/sh\nsed -i \'s/replicas: 3/replicas: 2/\' "$1"\n', {
    mode: 0o755,
  })
  await cluster.deploy(2, port)
})
afterAll(async () => {
  if (!hasKubectl) return
  await cluster.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Both outputs, and the exit code where it is not 0. */
async function kubectl(command: string, input = ''): Promise<string> {
  const child = spawn('sh', ['-c', `exec kubectl ${command} 2>&1`], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      KUBECONFIG: join(folder, 'config'),
      KUBE_EDITOR: join(folder, 'editor'),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise(resolve => child.once('close', resolve))
  return code === 0 ? text : `${text}exit ${String(code)}\n`
}

/** Columns are as wide as their widest cell, ages pass, and from 1.34 on kubectl names the namespace of a deletion. */
function plain(text: string): string {
  return text
    .replace(/ +\n/g, '\n')
    .replace(/ {2,}/g, ' ')
    .replaceAll(' from default namespace', '')
    .replace(/\b\d+s\b/g, 'AGE')
    .replace(/-[0-9a-f]{8,10}-[a-z0-9]{5}\b/g, '-POD')
    .replace(/-[0-9a-f]{8,10}\b/g, '-HASH')
}

/** Each command with what it prints. */
async function transcript(expected: [command: string, output: string | RegExp][]): Promise<void> {
  for (const [command, output] of expected) {
    const text = plain(await kubectl(command))
    if (typeof output === 'string') expect(`${command}\n${text}`).toBe(`${command}\n${output}`)
    else expect(text, command).toMatch(output)
  }
}

describe.skipIf(!hasKubectl)('kubectl', () => {
  it('reads', async () => {
    await transcript([
      ['get deploy', 'NAME READY UP-TO-DATE AVAILABLE AGE\nweb 2/2 2 2 AGE\n'],
      ['get pods --no-headers', 'web-POD 1/1 Running 0 AGE\nweb-POD 1/1 Running 0 AGE\n'],
      ['get deploy web -o jsonpath={.spec.replicas}', '2'],
      ['get deploy -o custom-columns=N:.metadata.name,R:.spec.replicas', 'N R\nweb 2\n'],
      ['get deploy,rs -o name', 'deployment.apps/web\nreplicaset.apps/web-HASH\n'],
      ['get pods -l app=nope', 'No resources found in default namespace.\n'],
      ['get pods --field-selector status.phase=Running -o name', /^pod\/web-POD\npod\/web-POD\n$/],
      [
        'get svc web',
        /^NAME TYPE CLUSTER-IP EXTERNAL-IP PORT\(S\) AGE\nweb ClusterIP \S+ <none> 8473\/TCP AGE\n$/,
      ],
      ['get deploy/nope', 'Error from server (NotFound): deployments.apps "nope" not found\nexit 1\n'],
      ['get nonsense', 'error: the server doesn\'t have a resource type "nonsense"\nexit 1\n'],
      ['get all -o name', /^pod\/\S+\npod\/\S+\nservice\/web\ndeployment.apps\/web\nreplicaset.apps\/\S+\n$/],
      [
        'describe deploy web',
        /Replicas: 2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable\n/,
      ],
      [
        'api-resources --api-group=policy --no-headers',
        'poddisruptionbudgets pdb policy/v1 true PodDisruptionBudget\n',
      ],
      ['get --raw /healthz', 'ok'],
      ['get --raw "/readyz?verbose"', '[+]ping ok\nreadyz check passed\n'],
      ['get --raw /version', /"gitVersion":"v1\.\d+\.0"/],
      ['get --raw /apis/apps/v1', /"name":"deployments"/],
      ['get --raw /openapi/v3/apis/apps/v1', /"openapi":"3\.0\.0"/],
      ['get --raw /token/secret/api/v1/namespaces/default/services/web', /"kind":"Service"/],
      [
        'get --raw /api/v1/nodes',
        /"kind":"NodeList"|^error: You must be logged in to the server \(Unauthorized: before 1\.34, --raw leaves out /,
      ],
      ['version', /Server Version: v1\.\d+\.0\n/],
      ['auth whoami -o jsonpath={.status.userInfo.username}', 'kubernetes-admin'],
      [
        'get node worker-1 -o jsonpath={.status.nodeInfo.architecture}{.status.nodeInfo.kubeProxyVersion}',
        process.arch === 'x64' ? 'amd64' : process.arch,
      ],
      [
        'get endpoints',
        'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n' +
          'No resources found in default namespace.\n',
      ],
      ['events --for svc/web', 'No events found in default namespace.\n'],
      [
        'get events --field-selector=involvedObject.kind=Pod,reason=Started -o jsonpath={.items[0].involvedObject.fieldPath}',
        'spec.containers{web}',
      ],
      ['events --for deploy/web --no-headers', /^\S+ Normal ScalingReplicaSet Deployment\/web Scaled up /],
      [
        'get events.events.k8s.io --field-selector=regarding.kind=Pod,reason=Started -o jsonpath={.items[0].regarding.fieldPath}',
        'spec.containers{web}',
      ],
      [
        'get events.events.k8s.io --field-selector=reason=ScalingReplicaSet --no-headers',
        /^\S+ Normal ScalingReplicaSet deployment\/web Scaled up /,
      ],
      ['api-resources --api-group=events.k8s.io --no-headers', 'events ev events.k8s.io/v1 true Event\n'],
      ['explain events.note --api-version=events.k8s.io/v1', /FIELD: note <string>/],
      ['top pods', 'error: Metrics API not available\nexit 1\n'],
    ])
  })

  it('reads logs', async () => {
    await transcript([
      ['run say --image=web --restart=Never --command -- node -e "console.log(12345)"', 'pod/say created\n'],
      ['wait pod/say --for=jsonpath={.status.phase}=Succeeded --timeout=30s', 'pod/say condition met\n'],
      ['logs say', '12345\n'],
      ['logs say --since=1h', '12345\n'],
      ['logs say --since-time=2020-01-01T00:00:00Z', '12345\n'],
      ['logs say --limit-bytes=3', '123'],
      ['logs say --since-time=2100-01-01T00:00:00Z', ''],
      ['logs say --timestamps', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 12345\n$/],
      [
        'get events --field-selector=involvedObject.name=say -o jsonpath={.items[*].reason}',
        'Scheduled Pulling Pulled Created Started',
      ],
      ['delete pod say', 'pod "say" deleted\n'],
    ])
  })

  it('runs commands in pods', async () => {
    await transcript([
      ['exec deploy/web -- node --version', /^v\d+/],
      ['exec deploy/web -- node -e "process.exitCode = 3"', 'command terminated with exit code 3\nexit 3\n'],
      ['exec deploy/web -- nosuch', /executable file not found in \$PATH: unknown\nexit 1\n$/],
      [
        'exec deploy/web -c nope -- ls',
        /container nope is not valid for pod web-POD( out of: web)?\nexit 1\n$/,
      ],
      ['exec nope -- ls', 'Error from server (NotFound): pods "nope" not found\nexit 1\n'],
    ])
    const input = 'line\n'.repeat(50_000)
    const copy = 'process.stdin.pipe(process.stdout)'
    expect((await kubectl(`exec -i deploy/web -- node -e '${copy}'`, input)) === input).toBe(true)
  })

  it.each(['true', 'false'])('forwards ports, through WebSockets: %s', async throughWebSockets => {
    const child = spawn('kubectl', ['port-forward', 'deploy/web', `:${port}`, ':1'], {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        KUBECONFIG: join(folder, 'config'),
        KUBECTL_PORT_FORWARD_WEBSOCKETS: throughWebSockets,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise(resolve => child.once('close', resolve))
    let text = ''
    for (const output of [child.stdout, child.stderr])
      output.on('data', (chunk: Buffer) => (text += chunk.toString()))
    const localPort = (remote: number): string =>
      new RegExp(`127.0.0.1:(\\d+) -> ${remote}\\n`).exec(text)?.[1] ?? ''
    const limit = { timeout: 10_000 }
    await expect.poll(() => localPort(port) !== '' && localPort(1) !== '', limit).toBe(true)
    const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${localPort(port)}`)).text()
    expect(await Promise.all(Array.from({ length: 8 }, ask))).toEqual(
      Array.from({ length: 8 }, () => expect.stringMatching(/^web-/) as string),
    )
    await expect(fetch(`http://127.0.0.1:${localPort(1)}`)).rejects.toThrow()
    await expect.poll(() => text, limit).toMatch(/error forwarding port 1 to pod web-.*connection refused/)
    child.kill()
    await ended
  })

  it('rolls out', async () => {
    await transcript([
      ['scale deploy/web --replicas=3', 'deployment.apps/web scaled\n'],
      [
        'scale deploy/web --replicas=4 --current-replicas=9',
        'error: Expected replicas to be 9, was 3\nexit 1\n',
      ],
      ['edit deploy web', 'deployment.apps/web edited\n'],
      ['set env deploy/web A=b', 'deployment.apps/web env updated\n'],
      ['rollout status deploy/web --timeout=60s', /deployment "web" successfully rolled out\n$/],
      ['rollout history deploy/web', 'deployment.apps/web\nREVISION CHANGE-CAUSE\n1 <none>\n2 <none>\n\n'],
      [
        'rollout undo deploy/web --to-revision=77',
        'error: unable to find specified revision 77 in history\nexit 1\n',
      ],
      ['rollout undo deploy/web', 'deployment.apps/web rolled back\n'],
      ['rollout pause deploy/web', 'deployment.apps/web paused\n'],
      ['rollout pause deploy/web', 'error: deployments.apps "web" is already paused\nexit 1\n'],
      ['rollout resume deploy/web', 'deployment.apps/web resumed\n'],
      ['rollout status deploy/web --timeout=60s', /deployment "web" successfully rolled out\n$/],
      ['wait deploy/web --for=condition=Available --timeout=10s', 'deployment.apps/web condition met\n'],
      ['wait deploy/web --for=jsonpath={.spec.replicas}=2', 'deployment.apps/web condition met\n'],
    ])
  })

  it('writes', async () => {
    await transcript([
      ['apply -f config-map.yaml', 'configmap/made created\n'],
      ['apply -f config-map.yaml', 'configmap/made unchanged\n'],
      ['diff -f config-map.yaml', ''],
      ['apply -f config-map.yaml --server-side', 'configmap/made serverside-applied\n'],
      ['replace --force -f config-map.yaml', 'configmap "made" deleted\nconfigmap/made replaced\n'],
      ['label cm made a=b', 'configmap/made labeled\n'],
      ['label cm made a=c', "error: 'a' already has a value (b), and --overwrite is false\nexit 1\n"],
      ['annotate cm made n=o', 'configmap/made annotated\n'],
      ['patch cm made -p \'{"data":{"a":null}}\'', 'configmap/made patched\n'],
      [
        'patch cm made --type=json -p \'[{"op":"remove","path":"/data/zz"}]\'',
        'The request is invalid: the server rejected our request due to an error in our request\nexit 1\n',
      ],
      [
        'patch deploy web -p \'{"spec":{"replicas":"x"}}\'',
        'The request is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": unrecognized type: int32\nexit 1\n',
      ],
      ['delete cm made --dry-run=server', 'configmap "made" deleted (server dry run)\n'],
      ['delete -f config-map.yaml', 'configmap "made" deleted\n'],
      ['delete -f config-map.yaml --ignore-not-found', ''],
      [
        'apply -f monitor.yaml',
        'error: resource mapping not found for name: "made" namespace: "" from "monitor.yaml": ' +
          'no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"\n' +
          'ensure CRDs are installed first\nexit 1\n',
      ],
      [
        'autoscale deploy web --min=1 --max=3 --cpu-percent=50',
        /horizontalpodautoscaler.autoscaling\/web autoscaled\n$/,
      ],
      ['get hpa --no-headers', 'web Deployment/web cpu: <unknown>/50% 1 3 0 AGE\n'],
      [
        'get horizontalpodautoscalers.v1.autoscaling web -o jsonpath={.spec.targetCPUUtilizationPercentage}',
        '50',
      ],
      ['get horizontalpodautoscalers.v2.autoscaling web -o jsonpath={.spec.metrics[*].resource.name}', 'cpu'],
      ['get all -l nosuch=label', 'No resources found in default namespace.\n'],
      ['delete hpa web', 'horizontalpodautoscaler.autoscaling "web" deleted\n'],
      ['expose deploy web --name=again --port=80', 'service/again exposed\n'],
      ['delete svc again', 'service "again" deleted\n'],
    ])
  })

  it('takes nodes out of service', async () => {
    await transcript([
      ['cordon worker-1', 'node/worker-1 cordoned\n'],
      ['cordon worker-1', 'node/worker-1 already cordoned\n'],
      ['get node worker-1 --no-headers', /^worker-1 Ready,SchedulingDisabled <none> /],
      ['drain worker-1 --ignore-daemonsets --timeout=60s', /node\/worker-1 drained\n$/],
      ['uncordon worker-1', 'node/worker-1 uncordoned\n'],
      ['taint node worker-1 a=b:NoSchedule', 'node/worker-1 tainted\n'],
      ['taint node worker-1 a-', 'node/worker-1 untainted\n'],
    ])
  })
})
