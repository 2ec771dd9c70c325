import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { z } from 'zod'
import { Secret } from '#component/secret.ts'
import { ManualClock } from '#std/clock.ts'
import { awsSignatureProblem } from '#test/support/vendors/aws-signature.ts'
import { Upstreams } from '#upstreams/upstreams.ts'
import { AwsCredentials, awsOptions, KEYS_GO_TOGETHER, keysGoTogether, signAws } from './aws-credentials.ts'
import { type AwsKeys, awsUrl } from './aws-keys.ts'

const region = 'eu-central-1'
const nowhere = {
  AWS_SHARED_CREDENTIALS_FILE: join(tmpdir(), 'streamgate-test', 'no', 'such', 'file'),
  AWS_EC2_METADATA_DISABLED: 'true',
}

test('aws: options come before the environment, and a pair is whole or refused', async () => {
  const settings = { region, access_key_id: 'OWN', secret_access_key: new Secret('own') }
  assert.deepEqual(told(await get({ AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 'e' }, settings)), ['OWN', 'own'])
  const schema = z.strictObject(awsOptions).refine(keysGoTogether, KEYS_GO_TOGETHER)
  assert.equal(schema.safeParse({ region }).success, true)
  assert.equal(schema.safeParse({ region, access_key_id: 'a' }).success, false)
  assert.equal(schema.safeParse({ region, session_token: 'a' }).success, false)
  const { error } = schema.safeParse({ region, access_key_id: 'a', secret_access_key: 'sec ret' })
  assert.ok(error !== undefined && !error.message.includes('sec ret'))
  for (const bad of ['', 'EU', 'https://x', 'eu-central-1.evil.example']) {
    assert.equal(schema.safeParse({ region: bad }).success, false, bad)
  }
})

test('aws: the environment', async () => {
  const environment = { ...nowhere, AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 'e', AWS_SESSION_TOKEN: 't' }
  assert.deepEqual(told(await get(environment)), ['E', 'e', 't'])
})

test('aws: profiles of the shared file', async (t) => {
  const folder = await temporaryFolder(t)
  const AWS_SHARED_CREDENTIALS_FILE = join(folder, 'credentials')
  const environment = { ...nowhere, AWS_SHARED_CREDENTIALS_FILE }
  await writeFile(
    AWS_SHARED_CREDENTIALS_FILE,
    [
      '# a comment',
      '[default]',
      'aws_access_key_id=D',
      'aws_secret_access_key = d/+==',
      '[ other ]\r',
      'AWS_ACCESS_KEY_ID = O \r',
      'aws_secret_access_key = o',
      'aws_session_token = ot',
      '[role]',
      'role_arn = arn:aws:iam::1:role/x',
    ].join('\n'),
  )
  assert.deepEqual(told(await get(environment)), ['D', 'd/+=='])
  assert.deepEqual(told(await get({ ...environment, AWS_PROFILE: 'other' })), ['O', 'o', 'ot'])
  const keysOfEnvironment = { AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 'e' }
  assert.deepEqual(told(await get({ ...environment, ...keysOfEnvironment }, { region, profile: 'other' }))[0], 'O')
  await assert.rejects(get(environment, { region, profile: 'none' }), /no profile "none"/)
  await assert.rejects(get(environment, { region, profile: 'role' }), /has no key/)
})

test('aws: nowhere is said clearly, and asked again', async () => {
  const environment: Record<string, string> = { ...nowhere }
  const credentials = new AwsCredentials({ region }, new Upstreams(), environment)
  await assert.rejects(credentials.get(), { code: 'aws_credentials', message: /no AWS keys in the options/ })
  environment['AWS_ACCESS_KEY_ID'] = 'E'
  environment['AWS_SECRET_ACCESS_KEY'] = 'e'
  assert.deepEqual(told(await credentials.get()), ['E', 'e'])
})

test("aws: the container's endpoint, with its token from a file that is read each time", async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'token')
  const server = await serve(t, ({ headers }) => answerOf(headers.authorization ?? 'none', '2026-01-01T01:00:00Z'))
  const environment = {
    ...nowhere,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/v1/credentials?id=1`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
  }
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const credentials = new AwsCredentials({ region }, new Upstreams(), environment, clock)
  await assert.rejects(credentials.get(), /token file .* cannot be read/)
  await writeFile(file, 'first\n')
  const first = await credentials.get()
  assert.deepEqual(told(first), ['first', 'secret', 'session'])
  assert.deepEqual(server.paths, ['GET /v1/credentials?id=1'])
  await writeFile(file, 'second')
  assert.equal((await credentials.get()).accessKeyId, 'first')
  credentials.drop(first)
  assert.equal((await credentials.get()).accessKeyId, 'second')
  credentials.drop(first)
  assert.equal((await credentials.get()).accessKeyId, 'second')
  assert.equal(server.paths.length, 2)
})

test("aws: a container's endpoint elsewhere is not sent a token without TLS", async () => {
  for (const url of ['http://example.com/', 'http://169.254.170.2.example.com/', 'http://169.254.170.2@example.com/']) {
    const environment = {
      ...nowhere,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 's3cret',
    }
    await assert.rejects(get(environment), (error: Error) => {
      assert.match(error.message, /endpoint/)
      return !inspect(error).includes('s3cret')
    })
  }
})

test('aws: instance metadata, token first and one request for many; renewed early, kept when that fails', async (t) => {
  let round = 0
  let down = false
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const server = await serve(t, ({ method, url, headers }) => {
    if (down) return { status: 500, body: 'secret' }
    if (url === '/latest/api/token') {
      assert.equal(method, 'PUT')
      assert.equal(headers['x-aws-ec2-metadata-token-ttl-seconds'], '21600')
      return { status: 200, body: 'imds-token' }
    }
    if (headers['x-aws-ec2-metadata-token'] !== 'imds-token') return { status: 401, body: '' }
    if (url === '/latest/meta-data/iam/security-credentials/') return { status: 200, body: 'my-role\n' }
    assert.equal(url, '/latest/meta-data/iam/security-credentials/my-role')
    return answerOf(`round${++round}`, new Date(clock.wall() + 3_600_000).toISOString())
  })
  const environment = {
    AWS_SHARED_CREDENTIALS_FILE: nowhere.AWS_SHARED_CREDENTIALS_FILE,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url,
  }
  const credentials = new AwsCredentials({ region }, new Upstreams(), environment, clock)
  const all = await Promise.all([credentials.get(), credentials.get(), credentials.get()])
  assert.deepEqual(new Set(all.map((keys) => keys.accessKeyId)), new Set(['round1']))
  assert.equal(server.paths.length, 3)
  clock.advance(54 * 60_000)
  assert.equal((await credentials.get()).accessKeyId, 'round1')
  clock.advance(60_000)
  assert.equal((await credentials.get()).accessKeyId, 'round2')
  down = true
  clock.advance(56 * 60_000)
  assert.equal((await credentials.get()).accessKeyId, 'round2')
  const asked = server.paths.length
  assert.equal((await credentials.get()).accessKeyId, 'round2')
  assert.equal(server.paths.length, asked)
  clock.advance(5 * 60_000)
  await assert.rejects(
    credentials.get(),
    (error: Error) => /answered 500/.test(error.message) && !/secret/.test(error.message),
  )
  down = false
  assert.equal((await credentials.get()).accessKeyId, 'round3')
})

test('aws: a web identity becomes keys of its role', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'token')
  await writeFile(file, 'jwt&+')
  const server = await serve(t, () => ({
    status: 200,
    body: `<R><Credentials><AccessKeyId>W</AccessKeyId><SecretAccessKey>w/+</SecretAccessKey>
      <SessionToken>wt==</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></R>`,
  }))
  const environment = {
    ...nowhere,
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: 'arn:aws:iam::1:role/x',
    AWS_ENDPOINT_URL_STS: server.url,
  }
  assert.deepEqual(told(await get(environment)), ['W', 'w/+', 'wt=='])
  const sent = new URLSearchParams(server.bodies[0])
  assert.equal(sent.get('WebIdentityToken'), 'jwt&+')
  assert.equal(sent.get('Action'), 'AssumeRoleWithWebIdentity')
  assert.match(sent.get('RoleSessionName') ?? '', /^[\w+=,.@-]{2,64}$/)
})

test('aws: who waits for keys can stop waiting', async (t) => {
  const stop = new AbortController()
  const server = await serve(t, () => undefined)
  const environment = {
    AWS_SHARED_CREDENTIALS_FILE: nowhere.AWS_SHARED_CREDENTIALS_FILE,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: server.url,
  }
  const credentials = new AwsCredentials({ region }, new Upstreams(), environment)
  const waiting = credentials.get(stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await assert.rejects(credentials.get(), /did not answer/)
})

test('aws: an address that is none is told by the name of its variable', async () => {
  const token = { AWS_WEB_IDENTITY_TOKEN_FILE: fileURLToPath(import.meta.url), AWS_ROLE_ARN: 'arn' }
  const cases: Record<string, string>[] = [
    { AWS_ENDPOINT_URL_STS: 'nowhere', ...token },
    { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: ':x' },
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'file:///etc' },
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'nowhere', AWS_EC2_METADATA_DISABLED: 'false' },
  ]
  for (const environment of cases) {
    const expected = new RegExp(`${Object.keys(environment)[0]} is not an http or https URL`)
    await assert.rejects(get({ ...nowhere, ...environment }), expected)
  }
})

test('aws: keys print nothing of what is secret', async () => {
  const keys = await get({ AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 's3cret', AWS_SESSION_TOKEN: 't0ken' })
  assert.ok(!/s3cret|t0ken/.test(inspect(keys, { depth: 9 }) + JSON.stringify(keys)))
})

test("aws: signatures are what AWS's own implementation makes of the same request", async () => {
  const keys: AwsKeys = {
    accessKeyId: 'AKID',
    secretAccessKey: new Secret('secret/+='),
    sessionToken: new Secret('st'),
  }
  const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5)
  const cases = [
    { service: 'logs', path: '/', body: '{"a":"é"}' },
    { service: 's3', path: "/bucket/a%20b/%C3%A9~(1)'%2B.gz", body: 'x' },
    { service: 's3', path: '/bucket/key?partNumber=1&uploadId=a%2Fb%20c', body: '' },
    { service: 's3', path: '/bucket/key?uploads=', body: '' },
  ]
  for (const { service, path, body } of cases) {
    for (const key of [keys, { accessKeyId: 'AKID', secretAccessKey: new Secret('other') }]) {
      const headers = { 'X-Amz-Target': 'a.b', 'content-type': 'application/json' }
      const raw = Buffer.from(body)
      const url = new URL(`http://host:81${path}`)
      const signed = await signAws({ method: 'PUT', url, headers, body: raw }, service, region, key, nowMs)
      assert.ok(!('content-type' in signed) && !('x-amz-target' in signed))
      const received = { 'x-amz-target': 'a.b', 'content-type': 'application/json', host: 'host:81', ...signed }
      const request = { method: 'PUT', path, headers: received, raw, body: raw }
      const expected = { service, region, accessKeyId: 'AKID', secretAccessKey: 'secret/+=', sessionToken: 'st' }
      const problem = await awsSignatureProblem(request, expected, nowMs + 60_000)
      if (key === keys) assert.equal(problem, undefined, path)
      else assert.ok(problem !== undefined)
      const changed = await awsSignatureProblem({ ...request, raw: Buffer.from('other') }, expected, nowMs)
      assert.match(changed ?? '', key === keys ? /does not match/ : /./)
    }
  }
})

test('aws: services answer under the domain of their region', () => {
  assert.equal(awsUrl('logs', 'eu-central-1'), 'https://logs.eu-central-1.amazonaws.com')
  assert.equal(awsUrl('logs', 'eusc-de-east-1'), 'https://logs.eusc-de-east-1.amazonaws.eu')
  assert.equal(awsUrl('logs', 'cn-north-1'), 'https://logs.cn-north-1.amazonaws.com.cn')
})

function get(
  environment: Record<string, string>,
  settings: ConstructorParameters<typeof AwsCredentials>[0] = { region },
): Promise<AwsKeys> {
  return new AwsCredentials(settings, new Upstreams(), environment).get()
}

function told({ accessKeyId, secretAccessKey, sessionToken }: AwsKeys): string[] {
  return [accessKeyId, secretAccessKey.reveal(), ...(sessionToken === undefined ? [] : [sessionToken.reveal()])]
}

function answerOf(id: string, expiration: string): Answer {
  const keys = { Code: 'Success', AccessKeyId: id, SecretAccessKey: 'secret', Token: 'session', Expiration: expiration }
  return { status: 200, body: JSON.stringify(keys) }
}

interface Answer {
  status: number
  body: string
}

/** `answer` gives undefined for none ever. */
async function serve(t: TestContext, answer: (request: IncomingMessage) => Answer | undefined) {
  const paths: string[] = []
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    paths.push(`${request.method} ${request.url}`)
    bodies.push(Buffer.concat(await request.toArray()).toString())
    const given = answer(request)
    if (given !== undefined) response.writeHead(given.status).end(given.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, paths, bodies }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'streamgate-test-aws-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
