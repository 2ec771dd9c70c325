import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type detectorNames, detectors } from './detectors.ts'

type Name = (typeof detectorNames)[number]

/** All finds in a text. */
function finds(name: Name, text: string): string[] {
  const found: string[] = []
  const detector = detectors[name]
  for (let at = detector.next(text, 0); at !== undefined; at = detector.next(text, at.to)) {
    found.push(text.slice(at.from, at.to))
  }
  return found
}

/** Texts in which braces mark what is to be found. */
const cases: Record<Name, string[]> = {
  ssn: [
    '⟨123-45-6789⟩',
    'ssn=⟨123-45-6789⟩, ⟨001-01-0001⟩.',
    '⟨665-12-3456⟩⟨899-99-9999⟩'.replace('⟩⟨', '⟩ ⟨'),
    '000-45-6789 666-45-6789 900-45-6789 123-00-6789 123-45-0000',
    '1123-45-6789 123-45-67890 123-45-678 12-345-6789 123-456789',
    '2024-11-19 555-123-45-6789 123-45-6789-1',
  ],
  email: [
    '⟨a@b.co⟩',
    'to=⟨first.last+tag@mail.example.com⟩, cc <⟨x_y-z@example.org⟩>.',
    'mailto:⟨a@b.co⟩; "⟨o\'brien@example.ie⟩"',
    '⟨a@b.co⟩ a@b a@.co @b.co a@ b.co a@b.c a@b..co a@-b.co',
    'user@host:22 a.@b.co {"m":"⟨jörg@müller.example⟩"} email=⟨u1@example.com⟩ \n⟨n@b.co⟩',
  ],
  credit_card: [
    '⟨4111111111111111⟩',
    'card ⟨4111 1111 1111 1111⟩ or ⟨5500-0000-0000-0004⟩!',
    'amex ⟨378282246310005⟩ ⟨3782 822463 10005⟩, visa 13 ⟨4222222222222⟩',
    '4111111111111112 1111111111111117 411111111111 4111-1111 1111-1111',
    'id=⟨6011111111111117⟩ at 20241119070640, 0.4111111111111111 ⟨4111111111111111⟩.',
  ],
  ipv4: [
    '⟨10.0.0.1⟩',
    'from ⟨192.168.1.254⟩:8080 to [⟨255.255.255.255⟩], ⟨0.0.0.0⟩.',
    '256.1.1.1 1.2.3 1.2.3.4.5 01.2.3.4 1.2.3.400 v1.2.3.4 1.2.3.4x',
  ],
  ipv6: [
    '⟨2001:db8::8a2e:370:7334⟩',
    '[⟨::1⟩]:80 and ⟨fe80::1⟩%eth0, ⟨2001:0db8:0000:0000:0000:ff00:0042:8329⟩',
    '⟨::ffff:192.0.2.128⟩ ⟨1:2:3:4:5:6:7:8⟩',
    '12:34:56 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1::2::3 12345::1 std::vector g::1 a:b',
  ],
  jwt: [
    '⟨eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9⟩',
    'Bearer ⟨eyJh.eyJi.c⟩, none ⟨eyJh.eyJi.⟩',
    'eyJh.eyJi eyJh xeyJh.eyJi.c eyJh..c',
  ],
  aws_key: [
    '⟨AKIAIOSFODNN7EXAMPLE⟩',
    'key=⟨ASIAIOSFODNN7EXAMPLE⟩;',
    'AKIAIOSFODNN7EXAMPL AKIAIOSFODNN7EXAMPLEX XAKIAIOSFODNN7EXAMPLE AKIAiosfodnn7example',
  ],
  iban: [
    '⟨GB33BUKB20201555555555⟩',
    'to ⟨DE89 3704 0044 0532 0130 00⟩, ⟨NO9386011117947⟩.',
    'GB34BUKB20201555555555 gb33bukb20201555555555 XGB33BUKB20201555555555 GB33BUKB',
  ],
}

for (const [name, texts] of Object.entries(cases) as [Name, string[]][]) {
  test(`${name} is found, and what only looks like it is not`, () => {
    for (const marked of texts) {
      const expected = [...marked.matchAll(/⟨(.*?)⟩/g)].map((match) => match[1])
      assert.deepEqual(finds(name, marked.replace(/[⟨⟩]/g, '')), expected, marked)
    }
  })

  test(`${name} is found at the edges of a text and beside line ends`, () => {
    const value = /⟨(.*?)⟩/.exec(texts[0]!)![1]!
    assert.deepEqual(finds(name, value), [value])
    assert.deepEqual(finds(name, `${value}\n${value}\r\n${value}`), [value, value, value])
    assert.deepEqual(finds(name, `Ã¼ ${value} Ã¼`), [value])
  })

  test(`${name} never finds a line end, and moves on with every find`, () => {
    const value = /⟨(.*?)⟩/.exec(texts[0]!)![1]!
    for (let cut = 1; cut < value.length; cut++) {
      for (const found of finds(name, `${value.slice(0, cut)}\n${value.slice(cut)}`)) assert.ok(!found.includes('\n'))
    }
  })
}

test('hostile text does not slow a detector down', { timeout: 60_000 }, () => {
  const bait = [
    '@',
    'a@',
    'a.',
    '1',
    '1-',
    '4 ',
    '123-',
    ':',
    'a:',
    '1:',
    '::',
    '1.',
    '255.',
    'eyJ',
    'eyJ.',
    'A',
    'AKIA',
    'GB33',
    'AB12 ',
    '-',
    '.@',
    '@a.',
  ]
  // Quadratic work on half a million characters would take minutes.
  for (const name of Object.keys(detectors) as Name[]) {
    for (const part of bait) finds(name, `${part.repeat(500_000 / part.length)}\n${'x'.repeat(1000)}`)
  }
})
