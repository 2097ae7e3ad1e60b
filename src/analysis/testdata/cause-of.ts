import { expect } from 'vitest'
import { present } from '../../base/assert.ts'
import type { RecordingBuilder } from '../../testing/recording-builder.ts'
import type { Attribution } from '../analysis.ts'
import { analyze } from '../analyze.ts'

/** How the one failure of a recording is explained. */
export function causeOf(built: RecordingBuilder): Attribution {
  const { attributions } = analyze(built.build())
  expect(attributions).toHaveLength(1)
  return present(attributions[0], 'an attribution')
}
