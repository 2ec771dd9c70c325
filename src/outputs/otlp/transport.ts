/** The two ways in which OTLP travels. */
import type { Failed } from '#component/output.ts'
import type { Bytes } from '#std/bytes.ts'

/** `response` is an `ExportLogsServiceResponse` as it came. */
export type ExportResult = { ok: true; response: Bytes } | Failed

export interface Transport {
  start(): Promise<void>
  /** Sends the `ExportLogsServiceRequest` that `request` makes, if it gets that far. Never rejects. */
  export(request: () => Bytes, signal: AbortSignal): Promise<ExportResult>
  stop(): Promise<void>
}

export const unsent = { ok: false, retryable: true } as const
export const notRunning = { ...unsent, code: 'stopped', message: 'the output is not running' } as const
export const aborted = { ...unsent, code: 'aborted', message: 'stopped while sending' } as const
