import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from './crc32c.ts'

test('crc32c agrees with the published examples (RFC 3720, B.4)', () => {
  const of = (bytes: Uint8Array) => crc32c(bytes, 0, bytes.length)
  assert.equal(of(new Uint8Array(32)), 0x8a91_36aa)
  assert.equal(of(new Uint8Array(32).fill(0xff)), 0x62a8_ab43)
  assert.equal(of(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd_794e)
  assert.equal(of(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113f_db5c)
  assert.equal(of(Buffer.from('123456789')), 0xe306_9283)
})

test('crc32c goes on where it stopped, at any border', () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 37) & 0xff)
  const whole = crc32c(bytes, 0, 100)
  for (let cut = 0; cut <= 100; cut++) assert.equal(crc32c(bytes, cut, 100, crc32c(bytes, 0, cut)), whole)
})
