/**
 * What a configuration's hash is taken of: the same files give the same bytes, in whatever order they come.
 *
 *   (length, name | length, content type | length, body)*     sorted by the bytes of the names; lengths of 4 bytes, big-endian
 */
import { allocate, type Bytes, copyBytes, fromText } from '#std/bytes.ts'
import type { AgentConfigFile } from './messages.ts'

const LENGTH_BYTES = 4

/** `files` by name. The caller hashes what comes back: SHA-256. */
export function configHashInput(files: ReadonlyMap<string, AgentConfigFile>): Bytes {
  const parts: Uint8Array[] = []
  const sorted = [...files].map(([name, file]) => ({ name: fromText(name), file }))
  sorted.sort((a, b) => a.name.compare(b.name))
  for (const { name, file } of sorted) parts.push(name, fromText(file.contentType), file.body)
  let length = 0
  for (const part of parts) length += LENGTH_BYTES + part.length
  const target = allocate(length)
  let at = 0
  for (const part of parts) {
    at = target.writeUInt32BE(part.length, at)
    copyBytes(part, 0, part.length, target, at)
    at += part.length
  }
  return target
}
