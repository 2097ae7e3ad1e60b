import type { ForwardingTable } from '../../model/forwarding.ts'
import type { ForwardingFeed } from '../feeds.ts'

/** The table in force on each node, and who wants to know. */
export class ForwardingTables implements ForwardingFeed {
  readonly #tables = new Map<string, ForwardingTable>()
  readonly #subscribers = new Set<{ node: string | null; onTable: (table: ForwardingTable) => void }>()

  publish(table: ForwardingTable): void {
    this.#tables.set(table.node, table)
    for (const { node, onTable } of [...this.#subscribers])
      if (node === null || node === table.node) onTable(table)
  }

  subscribe(node: string | null, onTable: (table: ForwardingTable) => void): () => void {
    const subscriber = { node, onTable }
    for (const table of this.#tables.values()) if (node === null || node === table.node) onTable(table)
    this.#subscribers.add(subscriber)
    return () => void this.#subscribers.delete(subscriber)
  }
}
