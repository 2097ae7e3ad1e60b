/** Lets the loop turn: what this process has sent to itself over loopback is read within a turn or two. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Turns the loop until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1)
}
