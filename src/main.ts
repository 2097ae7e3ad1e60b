#!/usr/bin/env node
/** Process entry: arguments, environment and streams in; exit code out. */
import { main } from './cli/main.ts'

process.exitCode = await main(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
})
