/** What the head of a request asks for, and what can be refused before its body is read. */
import type { IncomingMessage } from 'node:http'
import type { RejectReason } from '#component/source.ts'
import type { Headers } from './answer.ts'
import { type ContentEncoding, contentEncodings } from './body.ts'
import type { Media } from './deliver.ts'

export type RequestHead =
  | { kind: 'records'; media: Media; encoding: ContentEncoding }
  | { kind: 'health' }
  /** `reason`: records were refused; without it, none were meant. */
  | { kind: 'refused'; status: number; detail: string; reason?: RejectReason; headers?: Headers }

const mediaTypes = new Map<string, Media>([
  ['', 'lines'],
  ['text/plain', 'lines'],
  // What `curl -d` says of anything it sends.
  ['application/x-www-form-urlencoded', 'lines'],
  ['application/x-ndjson', 'lines'],
  ['application/jsonlines', 'lines'],
  ['application/json', 'json'],
])
const namedTypes = [...mediaTypes.keys()].filter((type) => type !== '').join(', ')
const namedEncodings = contentEncodings.join(', ')

export function readHead(request: IncomingMessage, bodyBytesMax: number): RequestHead {
  const { method, headers } = request
  const path = request.url?.split('?', 1)[0]
  if (path === '/healthz') {
    if (method === 'GET' || method === 'HEAD') return { kind: 'health' }
    return { kind: 'refused', status: 405, detail: 'Health is read with GET.', headers: { allow: 'GET, HEAD' } }
  }
  if (path !== '/' && path !== '/ingest') {
    return { kind: 'refused', status: 404, detail: 'Records are taken at / and /ingest.' }
  }
  if (method !== 'POST') {
    return { kind: 'refused', status: 405, detail: 'Records are sent with POST.', headers: { allow: 'POST' } }
  }
  const media = mediaTypes.get((headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase())
  if (media === undefined) {
    const detail = `Content types that are taken: ${namedTypes}.`
    return { kind: 'refused', status: 415, detail, reason: 'unsupported_media_type' }
  }
  const encodingName = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const encoding = contentEncodings.find((known) => known === encodingName)
  if (encoding === undefined) {
    const detail = `Content encodings that are taken: ${namedEncodings}.`
    const reason = 'unsupported_encoding'
    return { kind: 'refused', status: 415, detail, reason, headers: { 'accept-encoding': namedEncodings } }
  }
  if (declaredLength(request) > bodyBytesMax) {
    const detail = `The body has more than ${bodyBytesMax} bytes.`
    return { kind: 'refused', status: 413, detail, reason: 'body_too_large' }
  }
  return { kind: 'records', media, encoding }
}

/** 0 when the head does not say. */
export function declaredLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0)
}
