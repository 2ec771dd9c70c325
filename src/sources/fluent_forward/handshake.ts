/**
 * How the two sides of the forward protocol v1 show each other that they know a key, without saying it.
 *
 *   we    ["HELO", {"nonce", "auth", "keepalive": true}]
 *   they  ["PING", host, salt, sha512_hex(salt + host + nonce + key), user, sha512_hex(auth + user + password)]
 *   we    ["PONG", true, "", our host, sha512_hex(salt + our host + nonce + key)]
 *   or    ["PONG", false, reason, "", ""]
 *
 * `auth` is empty where there are no users. Salts are bytes: some senders have random ones in what they call text.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Head, isTextual, Kind, readHead } from '#codecs/msgpack/head.ts'
import { type Bytes, concat, fromText, latin1 } from '#std/bytes.ts'
import type { Secret } from '#std/secret.ts'
import { packBinary, packText } from './message.ts'

export interface HandshakeSettings {
  key: Secret
  /** Passwords by user; without any, everybody who knows the key is let in. */
  users: ReadonlyMap<string, Secret>
  hostname: string
}

export type Verdict = { ok: true; pong: Bytes } | { ok: false; pong: Bytes; reason: string }

/**
 * A nonce is as long as what is hashed with it deserves, in hexadecimal digits: any reader of MessagePack can hold
 * them.
 */
const NONCE_BYTES = 16
const PING_ELEMENTS = 6

/** Of one connection. */
export class Handshake {
  readonly #settings: HandshakeSettings
  readonly #nonce = fromText(randomBytes(NONCE_BYTES).toString('hex'))
  readonly #auth: Bytes

  constructor(settings: HandshakeSettings) {
    this.#settings = settings
    this.#auth = fromText(settings.users.size === 0 ? '' : randomBytes(NONCE_BYTES).toString('hex'))
  }

  helo(): Bytes {
    // As binary, as Fluentd has them: there are senders that take no other salt for one.
    const auth = this.#auth.length === 0 ? text('') : packBinary(this.#auth)
    const options = [text('nonce'), packBinary(this.#nonce), text('auth'), auth, text('keepalive'), TRUE]
    return concat([ARRAY_OF_2, text('HELO'), MAP_OF_3, ...options])
  }

  /** `bytes` [from, to) is one whole value. */
  check(bytes: Bytes, from: number, to: number): Verdict {
    const elements = textsOf(bytes, from, to)
    if (elements === undefined || latin1(elements[0]!, 0, elements[0]!.length) !== 'PING') {
      return refusal('this is no PING; a shared key is asked for')
    }
    const [, host, salt, digest, user, password] = elements as [Bytes, Bytes, Bytes, Bytes, Bytes, Bytes]
    const { key, users, hostname } = this.#settings
    const isKey = isSame(digest, digestOf(salt, host, this.#nonce, fromText(key.reveal())))
    if (!isKey) return refusal('shared_key mismatch')
    if (users.size > 0) {
      const known = users.get(user.toString('utf8'))
      const isPassword = isSame(password, digestOf(this.#auth, user, fromText(known?.reveal() ?? '')))
      if (known === undefined || !isPassword) return refusal('username/password mismatch')
    }
    const ours = digestOf(salt, fromText(hostname), this.#nonce, fromText(key.reveal()))
    return { ok: true, pong: concat([ARRAY_OF_5, text('PONG'), TRUE, text(''), text(hostname), packText(ours)]) }
  }
}

/** The elements of a PING, which are texts, all of them. */
function textsOf(bytes: Bytes, from: number, to: number): Bytes[] | undefined {
  const head = new Head()
  let at = readHead(bytes, from, to, head)
  if (head.kind !== Kind.array || head.values !== PING_ELEMENTS) return undefined
  const elements: Bytes[] = []
  for (let e = 0; e < PING_ELEMENTS; e++) {
    const begin = readHead(bytes, at, to, head)
    if (!isTextual(head)) return undefined
    at = begin + head.length
    elements.push(bytes.subarray(begin, at))
  }
  return elements
}

function refusal(reason: string): Verdict {
  return { ok: false, reason, pong: concat([ARRAY_OF_5, text('PONG'), FALSE, text(reason), text(''), text('')]) }
}

function digestOf(...parts: Uint8Array[]): Bytes {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return fromText(hash.digest('hex'))
}

function isSame(shown: Uint8Array, digest: Uint8Array): boolean {
  return shown.length === digest.length && timingSafeEqual(shown, digest)
}

function text(value: string): Bytes {
  return packText(fromText(value))
}

const ARRAY_OF_2 = Uint8Array.of(0x92)
const ARRAY_OF_5 = Uint8Array.of(0x95)
const MAP_OF_3 = Uint8Array.of(0x83)
const TRUE = Uint8Array.of(0xc3)
const FALSE = Uint8Array.of(0xc2)
