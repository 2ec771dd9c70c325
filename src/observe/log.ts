/** Our own log: JSON on stderr, or pretty on a terminal. Records never pass through here; they go to outputs. */
import { createRequire } from 'node:module'
import { type DestinationStream, pino } from 'pino'
import type { build } from 'pino-pretty'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export function createLogger(level: LogLevel, destination: NodeJS.WriteStream = process.stderr): Logger {
  const stream: DestinationStream = destination.isTTY
    ? prettyPrinter()({ destination, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', colorize: true })
    : destination
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream)
}

/** Loaded on a terminal only: its thirty modules are no use to a service. */
function prettyPrinter(): typeof build {
  return (createRequire(import.meta.url)('pino-pretty') as { build: typeof build }).build
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }
