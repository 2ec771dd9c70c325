/** CloudWatch Logs, as documented for PutLogEvents and its neighbours. A message is an event's `message`. */
import { cloudwatchLogs as definition } from '#outputs/cloudwatch_logs/cloudwatch_logs.ts'
import { awsSignatureProblem } from './aws-signature.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const BATCH_BYTES_MAX = 1_048_576
const EVENT_BYTES_MAX = 1_048_576
const OVERHEAD_BYTES = 26
const EVENTS_MAX = 10_000
const HOUR_MS = 3_600_000

interface LogEvent {
  timestamp: number
  message: string
}

type Input = Record<string, string | number | undefined>

export class CloudwatchLogsFake extends VendorFake {
  readonly events: LogEvent[] = []
  /** Streams by group. */
  readonly groups = new Map<string, Set<string>>()
  readonly retention = new Map<string, number>()
  /** By the names of the calls, in order. */
  readonly calls: string[] = []
  /** The events of each call that was taken. */
  readonly batches: LogEvent[][] = []
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = {
    accessKeyId: 'AKIDTEST',
    secretAccessKey: 'secret/+test',
  }
  /** Keys that were good once. */
  expired: string[] = []
  now = () => Date.now()
  retentionMs = Number.POSITIVE_INFINITY

  protected override async handle(request: VendorRequest): Promise<VendorAnswer> {
    const { method, path, headers, body } = request
    if (method !== 'POST' || path !== '/')
      return this.violation(`${method} ${path}`, error(404, 'UnknownOperationException'))
    if (headers['content-type'] !== 'application/x-amz-json-1.1') {
      return this.violation('content type', error(400, 'SerializationException'))
    }
    if (this.expired.some((key) => headers.authorization?.includes(`Credential=${key}/`))) {
      return error(400, 'ExpiredTokenException', 'The security token included in the request is expired')
    }
    const problem = await awsSignatureProblem(
      request,
      { service: 'logs', region: 'eu-central-1', ...this.keys },
      this.now(),
    )
    if (problem !== undefined) return this.violation(problem, signatureError(problem))
    const action = /^Logs_20140328\.(\w+)$/.exec(String(headers['x-amz-target']))?.[1] ?? ''
    this.calls.push(action)
    const input = JSON.parse(body.toString()) as Input & { logEvents: LogEvent[] }
    switch (action) {
      case 'PutLogEvents':
        return this.#put(input, input.logEvents)
      case 'CreateLogGroup':
        return this.#createGroup(String(input['logGroupName']))
      case 'CreateLogStream':
        return this.#createStream(String(input['logGroupName']), String(input['logStreamName']))
      case 'PutRetentionPolicy':
        this.retention.set(String(input['logGroupName']), Number(input['retentionInDays']))
        return { status: 200 }
      default:
        return this.violation(`action ${action}`, error(400, 'UnknownOperationException'))
    }
  }

  #put(input: Input, events: LogEvent[]): VendorAnswer {
    const streams = this.groups.get(String(input['logGroupName']))
    if (streams === undefined) return error(400, 'ResourceNotFoundException', 'The specified log group does not exist.')
    if (!streams.has(String(input['logStreamName']))) {
      return error(400, 'ResourceNotFoundException', 'The specified log stream does not exist.')
    }
    const broken = brokenRule(events)
    if (broken !== undefined) return this.violation(broken, error(400, 'InvalidParameterException', broken))
    const now = this.now()
    const old = events.filter(({ timestamp }) => timestamp < now - 14 * 24 * HOUR_MS).length
    const expired = events.filter(({ timestamp }) => timestamp < now - this.retentionMs).length
    const ahead = events.findIndex(({ timestamp }) => timestamp > now + 2 * HOUR_MS)
    if (old > 0) this.violations.push('an event older than 14 days')
    if (ahead !== -1) this.violations.push('an event more than 2 hours ahead')
    const taken = events.slice(Math.max(old, expired), ahead === -1 ? undefined : ahead)
    this.batches.push(taken)
    this.events.push(...taken)
    this.stored.push(...taken.map(({ message }) => message))
    const rejectedLogEventsInfo = {
      ...(old > 0 ? { tooOldLogEventEndIndex: old } : {}),
      ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
      ...(ahead === -1 ? {} : { tooNewLogEventStartIndex: ahead }),
    }
    const rejected = Object.keys(rejectedLogEventsInfo).length > 0
    return ok(rejected ? { nextSequenceToken: '1', rejectedLogEventsInfo } : { nextSequenceToken: '1' })
  }

  #createGroup(name: string): VendorAnswer {
    if (this.groups.has(name)) return error(400, 'ResourceAlreadyExistsException')
    this.groups.set(name, new Set())
    return { status: 200 }
  }

  #createStream(group: string, name: string): VendorAnswer {
    const streams = this.groups.get(group)
    if (streams === undefined) return error(400, 'ResourceNotFoundException', 'The specified log group does not exist.')
    if (streams.has(name)) return error(400, 'ResourceAlreadyExistsException')
    streams.add(name)
    return { status: 200 }
  }
}

function brokenRule(events: LogEvent[]): string | undefined {
  if (!Array.isArray(events) || events.length < 1) return 'Member must have length greater than or equal to 1'
  if (events.length > EVENTS_MAX) return `Member must have length less than or equal to ${EVENTS_MAX}`
  let bytes = 0
  for (const [i, { timestamp, message }] of events.entries()) {
    if (!Number.isInteger(timestamp) || timestamp < 0) return 'timestamp must be a non-negative integer'
    if (typeof message !== 'string' || message === '') return 'Log event message must not be empty'
    const size = Buffer.byteLength(message) + OVERHEAD_BYTES
    if (size > EVENT_BYTES_MAX) return `Log event too large: ${size} bytes exceeds limit of ${EVENT_BYTES_MAX}`
    if (i > 0 && timestamp < events[i - 1]!.timestamp)
      return 'Log events in a single PutLogEvents request must be in order'
    bytes += size
  }
  if (bytes > BATCH_BYTES_MAX) return `Upload too large: ${bytes} bytes exceeds limit of ${BATCH_BYTES_MAX}`
  const span = events.at(-1)!.timestamp - events[0]!.timestamp
  return span > 24 * HOUR_MS ? 'The batch of log events in a single request cannot span more than 24 hours.' : undefined
}

function signatureError(problem: string): VendorAnswer {
  if (problem === 'unknown access key' || problem === 'wrong session token') {
    return error(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.')
  }
  if (problem === 'signature expired') return error(400, 'InvalidSignatureException', 'Signature expired: it is old')
  if (problem === 'no signature')
    return error(400, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
  const message = 'The request signature we calculated does not match the signature you provided.'
  return error(
    400,
    'InvalidSignatureException',
    `${message}\n\nThe Canonical String should have been\nPOST, session-token`,
  )
}

export function error(status: number, name: string, message = name): VendorAnswer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify({ __type: name, message }),
  }
}

function ok(body: object): VendorAnswer {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) }
}

export const cloudwatchLogs: Vendor = {
  definition,
  start: () => {
    const fake = new CloudwatchLogsFake()
    fake.groups.set('/streamgate/test', new Set(['stream-1']))
    return fake.listen()
  },
  options: (fake) => ({
    url: fake.url,
    region: 'eu-central-1',
    group: '/streamgate/test',
    stream: 'stream-1',
    access_key_id: 'AKIDTEST',
    secret_access_key: 'secret/+test',
  }),
}
