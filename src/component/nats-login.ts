/** How a NATS client logs in and what its TLS is, for every component that connects to a cluster. */
import { readFile } from 'node:fs/promises'
import type { Authenticator } from '@nats-io/transport-node'
import type { TlsFiles } from '#upstreams/plan.ts'
import type { Secret } from './secret.ts'

export interface NatsLogin {
  user?: string | undefined
  password?: Secret | undefined
  token?: Secret | undefined
  nkey_seed?: Secret | undefined
  credentials_file?: string | undefined
  tls?: TlsFiles | undefined
}

/** The first of token, user, seed and file that is given. Throws where what is given cannot be read. */
export async function authenticatorOf(
  core: typeof import('@nats-io/transport-node'),
  { user, password, token, nkey_seed: seed, credentials_file: file }: NatsLogin,
): Promise<Authenticator | undefined> {
  if (token !== undefined) return core.tokenAuthenticator(token.reveal())
  if (user !== undefined) return core.usernamePasswordAuthenticator(user, password?.reveal())
  if (seed !== undefined) return tried(core.nkeyAuthenticator(Buffer.from(seed.reveal())), 'nkey_seed')
  if (file !== undefined) return tried(core.credsAuthenticator(await readFile(file)), file)
  return undefined
}

/**
 * The client would meet a seed that it cannot read in the middle of the handshake, and wait. Nothing of the seed is
 * told.
 */
function tried(authenticator: Authenticator, where: string): Authenticator {
  try {
    authenticator('nonce')
  } catch {
    throw new Error(`the credentials in ${where} cannot be read`)
  }
  return authenticator
}

/** The client reads the files at each connect, and hands what it does not know to `node:tls`. */
export function natsTlsOf(tls: TlsFiles | undefined) {
  return {
    ...(tls?.ca_file === undefined ? {} : { caFile: tls.ca_file }),
    ...(tls?.cert_file === undefined ? {} : { certFile: tls.cert_file }),
    ...(tls?.key_file === undefined ? {} : { keyFile: tls.key_file }),
    ...(tls?.server_name === undefined ? {} : { servername: tls.server_name }),
    rejectUnauthorized: tls?.verify ?? true,
  }
}
