/** An embedded cluster as the cluster of somebody's kubeconfig, and the commands that a user runs on it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { connectKube, type KubeClient } from '../kube/client.ts'
import type { KubeObject, Node } from '../kube/types.ts'
import { runCommand, startCommand, type CommandEnd, type RunningCommand } from './command.ts'

/** A cluster that a kubeconfig names, and a state folder of its own, so that labs do not see each other's journals. */
export interface ContextLab {
  folder: string
  env: Record<string, string>
  kubeconfig: string
  client: KubeClient
  close(): Promise<void>
}

export async function startContextLab(): Promise<ContextLab> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'context-test-'))
  const env = { XDG_STATE_HOME: folder }
  const { exitCode, stderr } = await runCommand(['cluster', 'up'], env)
  if (exitCode !== 0) throw new Error(`the lab's cluster did not start: ${stderr}`)
  const kubeconfig = path.join(folder, 'rollproof', 'cluster', 'kubeconfig')
  const client = await connectKube({ files: [kubeconfig] })
  return {
    folder,
    env,
    kubeconfig,
    client,
    async close() {
      client.close()
      await runCommand(['cluster', 'down'], env)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const LAB_LIMIT_MS = 60_000

export const args = ({ kubeconfig, folder }: ContextLab, ...more: string[]): string[] => [
  'run',
  'naive',
  '--context',
  'rollproof',
  '--kubeconfig',
  kubeconfig,
  '--reports',
  path.join(folder, 'reports'),
  ...more,
]
export const drain = (lab: ContextLab, ...more: string[]): string[] =>
  args(lab, '--disruption', 'drain', '--allow-drain', ...more)
export const start = (lab: ContextLab): RunningCommand => startCommand(drain(lab), lab.env)
export const cleanup = ({ env }: ContextLab): Promise<CommandEnd> => runCommand(['cleanup'], env)
export const journals = ({ folder }: ContextLab): string[] => {
  try {
    return readdirSync(path.join(folder, 'rollproof', 'journal'))
  } catch {
    return []
  }
}

/** All that a run could have left. */
export async function state({ client }: ContextLab): Promise<object> {
  const nodes = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  const namespaces = await client.request<{ items: KubeObject[] }>('GET', '/api/v1/namespaces')
  return {
    namespaces: namespaces.items.map(({ metadata }) => metadata.name),
    nodes: nodes.items.map(({ metadata, spec }) => ({
      node: metadata.name,
      unschedulable: spec.unschedulable ?? false,
      annotations: metadata.annotations ?? {},
    })),
  }
}

export async function allowNodes({ client }: ContextLab): Promise<void> {
  const { items } = await client.request<{ items: Node[] }>('GET', '/api/v1/nodes')
  for (const { metadata } of items) {
    await client.request('PATCH', `/api/v1/nodes/${metadata.name}`, {
      body: { metadata: { labels: { 'rollproof.dev/allowed': 'true' } } },
      contentType: 'application/merge-patch+json',
    })
  }
}
