/**
 * Verifies AWS Signature Version 4 (docs.aws.amazon.com/IAM: "Create a signed AWS API request").
 *
 *   canonical   POST \n / \n \n <name:value \n, signed ones in order> \n <signed names> \n hex(sha256(body))
 *   to sign     AWS4-HMAC-SHA256 \n <x-amz-date> \n <scope> \n hex(sha256(canonical))
 *   key         HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), "logs"), "aws4_request")
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Secret } from '#component/secret.ts'
import type { AwsError } from './answers.ts'

const AUTHORIZATION = new RegExp(
  [
    /^AWS4-HMAC-SHA256 +Credential=([^/,\s]{1,128})\/(\d{8})\/([a-z0-9-]{1,64})\/logs\/aws4_request/,
    /, *SignedHeaders=([a-z0-9;_-]{1,2048})/,
    /, *Signature=([0-9a-f]{64})$/,
  ]
    .map(({ source }) => source)
    .join(''),
)
const TIME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
/** Stands in for the secret of who is not known, so that both take as long. */
const NOBODY = randomBytes(30).toString('base64')

export interface SignatureSettings {
  /** By access key ID. */
  secrets: ReadonlyMap<string, Secret>
  skewMsMax: number
}

/** The access key ID of a signed request, verified or not. */
export function accessKeyOf(headers: IncomingHttpHeaders): string | undefined {
  return /\bCredential=([^/,\s]{1,128})\//.exec(headers.authorization ?? '')?.[1]
}

/**
 * What is wrong with the signature of a `POST /`; undefined: nothing. `bodyHash`: hex(sha256()) of the body as it was
 * sent.
 */
export function signatureProblem(
  headers: IncomingHttpHeaders,
  bodyHash: string,
  nowMs: number,
  { secrets, skewMsMax }: SignatureSettings,
): AwsError | undefined {
  if (headers.authorization === undefined) return MISSING
  const parts = AUTHORIZATION.exec(headers.authorization)
  const time = String(headers['x-amz-date'] ?? '')
  const timeMs = parseTime(time)
  if (parts === null || timeMs === undefined) return INCOMPLETE
  const [, id, date, region, names, signature] = parts as unknown as [string, string, string, string, string, string]
  if (!time.startsWith(date))
    return mismatch('Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP')
  if (Math.abs(nowMs - timeMs) > skewMsMax)
    return mismatch('Signature expired, or not yet current: the clocks differ too much')
  const signed = names.split(';')
  if (!signed.includes('host') || !signed.includes('x-amz-date'))
    return mismatch("'Host' and 'X-Amz-Date' must be signed")
  const secret = secrets.get(id)
  const lines = signed
    .map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}\n`,
    )
    .join('')
  const canonical = `POST\n/\n\n${lines}\n${names}\n${bodyHash}`
  const scope = `${date}/${region}/logs/aws4_request`
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`
  let key: Buffer | string = `AWS4${secret?.reveal() ?? NOBODY}`
  for (const part of [date, region, 'logs', 'aws4_request', toSign])
    key = createHmac('sha256', key).update(part).digest()
  const isSame = timingSafeEqual(key as Buffer, Buffer.from(signature, 'hex'))
  if (secret === undefined) return UNKNOWN
  return isSame ? undefined : mismatch('The request signature we calculated does not match the signature you provided.')
}

function parseTime(text: string): number | undefined {
  const parts = TIME.exec(text)
  if (parts === null) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

const MISSING: AwsError = { type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' }
const INCOMPLETE: AwsError = {
  type: 'IncompleteSignatureException',
  message: 'Authorization header and X-Amz-Date must be those of AWS4-HMAC-SHA256 for the service logs.',
}
const UNKNOWN: AwsError = {
  type: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
}

function mismatch(message: string): AwsError {
  return { type: 'InvalidSignatureException', message }
}
