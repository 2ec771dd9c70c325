/**
 * Amazon S3, as far as PutObject goes. What is checked is AWS's own: the signature by AWS's implementation, names,
 * sizes, and digests. A message is the member `message` of a line, or the whole line.
 */
import { createHash } from 'node:crypto'
import { s3 as definition } from '#outputs/s3/s3.ts'
import { awsSignatureProblem } from './aws-signature.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

const KEY_BYTES_MAX = 1024
const ENCRYPTIONS = new Set([undefined, 'AES256', 'aws:kms', 'aws:kms:dsse'])

export interface StoredObject {
  text: string
  headers: VendorRequest['headers']
}

export class S3Fake extends VendorFake {
  readonly objects = new Map<string, StoredObject>()
  /** What each PUT wrote, in order, also when it was there before. */
  readonly puts: string[] = []
  bucket = 'logs'
  region = 'eu-central-1'
  accessKeyId = 'AKIDEXAMPLE'
  secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
  sessionToken: string | undefined
  objectBytesMax = 64 * 1024 * 1024

  protected override async handle(request: VendorRequest): Promise<VendorAnswer> {
    const { method, path, headers, raw, body } = request
    const problem = await awsSignatureProblem(request, { service: 's3', ...this })
    if (problem !== undefined) return this.violation(problem, s3Error(403, 'SignatureDoesNotMatch', problem))
    const virtual = headers.host?.startsWith(`${this.bucket}.`) === true
    const [bucket, ...rest] = virtual ? [this.bucket, path.slice(1)] : path.slice(1).split('/')
    const key = decodeURIComponent(rest.join('/'))
    if (method !== 'PUT') return this.violation(method, s3Error(405, 'MethodNotAllowed', ''))
    if (bucket !== this.bucket) return s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')
    if (headers['content-length'] === undefined)
      return this.violation('no length', s3Error(411, 'MissingContentLength', ''))
    if (key === '' || Buffer.byteLength(key) > KEY_BYTES_MAX)
      return this.violation('key length', s3Error(400, 'KeyTooLongError', 'Your key is too long'))
    const known = headers['x-amz-server-side-encryption'] as string | undefined
    if (!ENCRYPTIONS.has(known)) return this.violation('encryption', s3Error(400, 'InvalidArgument', ''))
    if (raw.length > this.objectBytesMax) return s3Error(400, 'EntityTooLarge', 'Your proposed upload is too large')
    const md5 = headers['content-md5']
    if (md5 !== undefined && md5 !== createHash('md5').update(raw).digest('base64'))
      return this.violation('md5', s3Error(400, 'BadDigest', ''))
    const sha256 = headers['x-amz-checksum-sha256']
    if (sha256 !== undefined && sha256 !== createHash('sha256').update(raw).digest('base64'))
      return this.violation('checksum', s3Error(400, 'BadDigest', ''))
    this.#store(key, body.toString(), headers)
    return { status: 200, headers: { etag: `"${createHash('md5').update(raw).digest('hex')}"` } }
  }

  #store(key: string, text: string, headers: VendorRequest['headers']): void {
    const before = this.objects.get(key)
    this.puts.push(key)
    this.objects.set(key, { text, headers })
    if (before !== undefined && before.text !== text) this.violations.push(`${key} was overwritten with something else`)
    if (before !== undefined) return
    for (const line of text.split('\n').slice(0, -1)) this.stored.push(messageOf(line))
  }
}

function messageOf(line: string): string {
  try {
    const { message } = JSON.parse(line)
    return typeof message === 'string' ? message : line
  } catch {
    return line
  }
}

/** An error as S3 writes it, with all the things in it that must not be told. */
export function s3Error(status: number, code: string, message: string): VendorAnswer {
  const hidden =
    '<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><StringToSign>AWS4-HMAC</StringToSign><Token-0>t0ken</Token-0>'
  const error = `<Error><Code>${code}</Code><Message>${message}</Message>${hidden}<RequestId>R</RequestId></Error>`
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${error}`,
  }
}

export const s3: Vendor = {
  definition,
  start: () => new S3Fake().listen(),
  options: (fake) => ({
    endpoint: fake.url,
    bucket: 'logs',
    region: 'eu-central-1',
    access_key_id: 'AKIDEXAMPLE',
    secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  }),
}
