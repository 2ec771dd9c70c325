/** Options that all sources on HTTP listeners have in common. */
import { z } from 'zod'
import type { BodyLimits, HttpListenerOptions } from '#component/exchange.ts'
import { allowOption } from './allow.ts'
import { ByteBudget } from './byte-budget.ts'
import { listenOption } from './listen.ts'
import { tlsOption } from './tls.ts'

const MIB = 1024 * 1024
const milliseconds = (standard: number) => z.number().int().min(1).max(0x7fff_ffff).default(standard)
const bytes = (standard: number) => z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(standard)

/** Of the listener: sources that share one give them alike. To be spread into a source's schema. */
export function httpListenerOptions(standardListen: string) {
  return {
    listen: listenOption(standardListen),
    ...tlsOption,
    ...allowOption,
    connections_max: connectionsMaxOption('requests on further ones get 429'),
    headers_timeout_ms: milliseconds(10_000).describe('Time for the head of a request to arrive.'),
    request_timeout_ms: milliseconds(30_000).describe('Time for a whole request to arrive.'),
    keep_alive_ms: milliseconds(65_000).describe('A connection without requests is closed after this long.'),
  }
}

/** `beyond`: what becomes of connections above it. */
export function connectionsMaxOption(beyond: string) {
  return z.number().int().min(1).default(10_000).describe(`Connections at once; ${beyond}.`)
}

/** Of one source, for the bodies that it takes. */
export function bodyOptions() {
  return {
    body_bytes_max: bytes(10 * MIB).describe('Largest body as sent, compressed or not.'),
    decompressed_bytes_max: bytes(64 * MIB).describe('Largest body when decompressed.'),
    buffered_bytes_max: bytes(256 * MIB).describe('Memory for all bodies that are being received.'),
  }
}

export interface BodyOptions {
  body_bytes_max: number
  decompressed_bytes_max: number
  buffered_bytes_max: number
}

export function bodyLimits(options: BodyOptions): BodyLimits {
  return {
    bodyBytesMax: options.body_bytes_max,
    decompressedBytesMax: options.decompressed_bytes_max,
    budget: new ByteBudget(options.buffered_bytes_max),
  }
}

/** Same text, same listener. */
export function listenerIdentity(options: HttpListenerOptions): string {
  const { tls, allow, connections_max, headers_timeout_ms, request_timeout_ms, keep_alive_ms } = options
  const about = [tls ?? null, allow ?? [], connections_max, headers_timeout_ms, request_timeout_ms, keep_alive_ms]
  return JSON.stringify(about)
}
