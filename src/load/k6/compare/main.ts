/**
 * Compares drivers by ground truth: k6 (when the order names one) and our own, side by side, against servers that do
 * the same faults to both. In: one line of JSON, `{"k6": K6Order | null}`. Out: a line of DriverComparison per fault.
 */
import { LineSplitter, toLine } from '../../../base/ndjson.ts'
import { messageOf } from '../../../base/message-of.ts'
import type { CompareOrder, DriverComparison } from '../../../model/driver-comparison.ts'
import { faults } from './faults.ts'
import { measure } from './measure.ts'

async function compare({ k6, only }: CompareOrder): Promise<void> {
  const chosen = faults.filter(({ name }) => only === undefined || only.includes(name))
  for (const fault of chosen) {
    const [rollproof, other] = await Promise.all([
      measure(fault, null),
      k6 === null ? null : measure(fault, k6),
    ])
    const { name, population, classes } = fault
    const line: DriverComparison = { fault: name, population, classes: [...classes], rollproof, k6: other }
    process.stdout.write(toLine(line))
  }
}

let begun = false
const lines = new LineSplitter(line => {
  begun = true
  compare(JSON.parse(line) as CompareOrder).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`)
      process.exit(3)
    },
  )
})
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text: string) => lines.push(text))
// Whoever asked is gone; the drivers end with this program.
process.stdin.on('close', () => process.exit(begun ? 1 : 2))
process.stdout.on('error', () => process.exit(0))
