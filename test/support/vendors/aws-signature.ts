/**
 * Checks AWS signatures as the real services do, with AWS's own implementation and not the one under test: what came in
 * is signed anew, and both signatures must be the same.
 */
import { createHash } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import type { VendorRequest } from './vendor-fake.ts'

export interface AwsExpectation {
  service: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** AWS takes no signature that is older or younger. */
const SKEW_MS_MAX = 15 * 60_000

/** What is wrong with a request's signature; undefined: nothing. */
export async function awsSignatureProblem(
  { method, path, headers, raw }: VendorRequest,
  expected: AwsExpectation,
  nowMs = Date.now(),
): Promise<string | undefined> {
  const { service, region, accessKeyId, secretAccessKey, sessionToken } = expected
  const header = headers.authorization ?? ''
  const parts = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    header,
  )
  if (parts === null) return 'no signature'
  const [, id, scope, names, signature] = parts
  if (id !== accessKeyId) return 'unknown access key'
  const time = String(headers['x-amz-date'])
  const date = parseTime(time)
  if (date === undefined) return 'no x-amz-date'
  if (Math.abs(nowMs - date.getTime()) > SKEW_MS_MAX) return 'signature expired'
  if (scope !== `${time.slice(0, 8)}/${region}/${service}/aws4_request`) return `wrong scope ${scope}`
  if (headers['x-amz-security-token'] !== sessionToken) return 'wrong session token'
  const signedNames = names!.split(';')
  const amazonNames = Object.keys(headers).filter((name) => name.startsWith('x-amz-'))
  for (const name of ['host', ...amazonNames]) if (!signedNames.includes(name)) return `${name} is not signed`
  const hash = headers['x-amz-content-sha256']
  if (hash !== undefined && hash !== createHash('sha256').update(raw).digest('hex')) return 'the body does not match'
  const url = new URL(path, 'http://host')
  const s3 = service === 's3'
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    sha256: Sha256,
    uriEscapePath: !s3,
    applyChecksum: s3,
  })
  const signed = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: 'host',
      path: s3 ? canonical(url.pathname) : url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: Object.fromEntries(signedNames.map((name) => [name, String(headers[name])])),
      body: raw,
    },
    { signingDate: date, signableHeaders: new Set(signedNames) },
  )
  const own = /Signature=([0-9a-f]{64})$/.exec(signed.headers['authorization'] ?? '')?.[1]
  return own === signature ? undefined : 'the signature does not match'
}

/** S3 signs what a path means, in one way of writing it (RFC 3986, section 2.3). */
function canonical(path: string): string {
  const encode = (part: string) =>
    encodeURIComponent(part).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  return path
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/')
}

function parseTime(text: string): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts.map(Number) as number[]
  return new Date(Date.UTC(year!, month! - 1, day!, hour, minute, second))
}
