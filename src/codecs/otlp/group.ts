/**
 * Where an encoded record of OTLP belongs, as the key of `codecs/grouped`; the same for logs, spans and metrics, whose
 * messages are alike down to the numbers of these fields:
 *
 *   Export…ServiceRequest { repeated Resource… = 1 }
 *   Resource… { Resource resource = 1, repeated Scope… = 2, string schema_url = 3 }
 *   Scope…    { InstrumentationScope scope = 1, repeated record = 2, string schema_url = 3 }
 *
 *   key:     varint n | n bytes: fields 1 and 3 of Resource… | the rest: fields 1 and 3 of Scope…; with tags and lengths
 *   payload: 0x12 length record, a field of Scope…
 *
 * A resource and scope too long for a key have an empty key, and the payload is a whole field 1 of the request.
 */
import { varintBytes, writeVarint } from '#codecs/protobuf/wire.ts'
import { allocate, type Bytes, copyBytes } from '#std/bytes.ts'

/** The field of a request that holds what is of one resource. */
export const RESOURCE_FIELD_TAG = 0x0a
/** The field of Resource… that holds scopes, and of Scope… that holds records. */
export const MEMBER_FIELD_TAG = 0x12

/** `resource` and `scope`: their fields 1 and 3. Longer than `GROUP_KEY_BYTES_MAX` it is no key. */
export function groupKey(resource: Bytes, scope: Bytes): Bytes {
  const length = varintBytes(resource.length)
  const key = allocate(length + resource.length + scope.length)
  writeVarint(key, resource.length, 0)
  copyBytes(resource, 0, resource.length, key, length)
  copyBytes(scope, 0, scope.length, key, length + resource.length)
  return key
}

/** Both parts of a key that is not empty, one character per byte. */
export function partsOf(key: string): { resource: string; scope: string } {
  let length = 0
  let at = 0
  for (let scale = 1; at < key.length; scale *= 0x80) {
    const byte = key.charCodeAt(at++)
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return { resource: key.slice(at, at + length), scope: key.slice(at + length) }
}
