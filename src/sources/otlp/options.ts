/** The options of `otlp`. */
import { z } from 'zod'
import { durableOptions } from '#listeners/acceptance.ts'
import { allowOption } from '#listeners/allow.ts'
import { apiKeysOption } from '#listeners/api-keys.ts'
import { listenOption } from '#listeners/listen.ts'
import { connectionsMaxOption, httpListenerOptions } from '#listeners/options.ts'
import { tlsOption } from '#listeners/tls.ts'

const MIB = 1024 * 1024
const milliseconds = (standard: number) => z.int().min(1).max(0x7fff_ffff).default(standard)

const origin = z.string().refine((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text), {
  error: 'must be an origin, such as https://shop.example.com, or *',
})

const http = z.strictObject({
  ...httpListenerOptions('0.0.0.0:4318'),
  cors_origins: z
    .array(origin)
    .max(100)
    .default([])
    .describe('Origins of pages whose browsers may send; * for all. None by default.'),
})

const grpc = z.strictObject({
  listen: listenOption('0.0.0.0:4317'),
  ...tlsOption,
  ...allowOption,
  connections_max: connectionsMaxOption('more are closed at once'),
  concurrent_streams_max: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Requests at once on one connection; clients wait with further ones.'),
  request_timeout_ms: milliseconds(30_000).describe('Time for a whole request to arrive.'),
  keep_alive_ms: milliseconds(65_000).describe('A connection without requests is closed after this long.'),
})

export const config = z.strictObject({
  http: z
    .union([z.literal(false), http])
    .prefault({})
    .describe('Where HTTP is listened for; false: nowhere.'),
  grpc: z
    .union([z.literal(false), grpc])
    .prefault({})
    .describe('Where gRPC is listened for; false: nowhere.'),
  ...apiKeysOption,
  body_bytes_max: z
    .int()
    .min(1)
    .max(1024 * MIB)
    .default(64 * MIB)
    .describe('Largest request when decompressed.'),
  buffered_bytes_max: z
    .int()
    .min(1)
    .default(256 * MIB)
    .describe('Memory for all requests that are being received.'),
  ...durableOptions,
})

export type Options = z.output<typeof config>
export type HttpOptions = z.output<typeof http>
export type GrpcOptions = z.output<typeof grpc>
