/** How CloudWatch Logs answers: AWS JSON 1.1. */
import type { Exchange, Headers, Worded } from '#component/exchange.ts'

export interface AwsError {
  type: string
  message: string
}

const TYPE = 'application/x-amz-json-1.1'
/** By status, for what the listener refuses. */
const NAMES: Readonly<Record<number, string>> = {
  401: 'UnrecognizedClientException',
  404: 'UnknownOperationException',
  408: 'RequestTimeoutException',
  413: 'RequestEntityTooLargeException',
  429: 'ThrottlingException',
  500: 'InternalFailure',
  503: 'ServiceUnavailableException',
}

export function answerJson(exchange: Exchange, answer: object): void {
  exchange.answer(200, { 'content-type': TYPE }, JSON.stringify(answer))
}

export function answerError(exchange: Exchange, { type, message }: AwsError, headers: Headers = {}): void {
  const about = { 'content-type': TYPE, 'x-amzn-errortype': type, ...headers }
  exchange.answer(400, about, JSON.stringify({ __type: type, message }))
}

export function word(status: number, detail: string): Worded {
  const type = NAMES[status] ?? 'SerializationException'
  return { type: TYPE, headers: { 'x-amzn-errortype': type }, body: JSON.stringify({ __type: type, message: detail }) }
}
