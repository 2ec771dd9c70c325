/** How a content type says that a body divides into records. */
import type { Media } from '../deliver.ts'

const mediaTypes = new Map<string, Media>([
  ['', 'lines'],
  ['text/plain', 'lines'],
  // What `curl -d` says of anything it sends.
  ['application/x-www-form-urlencoded', 'lines'],
  ['application/x-ndjson', 'lines'],
  ['application/jsonlines', 'lines'],
  ['application/json', 'json'],
])

export const mediaNames = [...mediaTypes.keys()].filter((type) => type !== '').join(', ')

/** Undefined: it is not taken. */
export function mediaOf(contentType: string | undefined): Media | undefined {
  return mediaTypes.get((contentType ?? '').split(';', 1)[0]!.trim().toLowerCase())
}
