/** A reader finds the old file, or the new one, or none: never a part. */
import { rename, rm, writeFile } from 'node:fs/promises'

export async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.new`
  try {
    await writeFile(unfinished, text)
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
