import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash32 } from './hash.ts'

test('the hash is MurmurHash3_x86_32', () => {
  const vectors: [text: string, seed: number, hash: number][] = [
    ['', 0, 0],
    ['', 1, 0x514e_28b7],
    ['', 0xffff_ffff, 0x81f1_6f39],
    ['\xff\xff\xff\xff', 0, 0x7629_3b50],
    ['!Ce\x87', 0, 0xf55b_516b],
    ['!Ce\x87', 0x5082_edee, 0x2362_f9de],
    ['!Ce', 0, 0x7e4a_8634],
    ['!C', 0, 0xa0f7_b07a],
    ['!', 0, 0x7266_1cf4],
    ['\0\0\0\0', 0, 0x2362_f9de],
    ['\0', 0, 0x514e_28b7],
    ['test', 0, 0xba6b_d213],
    ['Hello, world!', 0, 0xc036_3e43],
    ['The quick brown fox jumps over the lazy dog', 0, 0x2e4f_f723],
  ]
  for (const [text, seed, expected] of vectors) {
    const bytes = Buffer.from(`..${text}..`, 'latin1')
    assert.equal(hash32(bytes, 2, bytes.length - 2, seed).toString(16), expected.toString(16), JSON.stringify(text))
  }
})

test('neighbouring keys spread evenly', () => {
  const buckets = new Array<number>(64).fill(0)
  for (let i = 0; i < 64_000; i++) {
    const bytes = Buffer.from(`trace-${i}`)
    buckets[hash32(bytes, 0, bytes.length) >>> 26]!++
  }
  // A thousand each; five standard deviations.
  assert.ok(Math.max(...buckets) < 1160 && Math.min(...buckets) > 840, buckets.join(' '))
})
