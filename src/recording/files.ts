/**
 * The files of a recording. Three streams with clocks of their own stay apart on disk and are merged once, by the
 * analysis. All but the manifest are appended to as the run goes, so that what was recorded before a crash is readable.
 *
 *   manifest.json        Manifest; written at the start and again, atomically, at the end
 *   samples.ndjson       a header line with the columns, then a row per request; stalls, probes and limits as objects in between
 *   transitions.ndjson   Transition
 *   marks.ndjson         Mark; one line at its begin, one at its end
 *   ledger.ndjson        [pod, request, atUs, what]
 */
export const recordingFiles = {
  manifest: 'manifest.json',
  samples: 'samples.ndjson',
  transitions: 'transitions.ndjson',
  marks: 'marks.ndjson',
  ledger: 'ledger.ndjson',
} as const

export type StreamName = Exclude<keyof typeof recordingFiles, 'manifest'>
export const streamNames = [
  'samples',
  'transitions',
  'marks',
  'ledger',
] as const satisfies readonly StreamName[]
