import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placesOf, targetOf, waysOf } from '#ui/screens/first-run/commands.ts'

const LINE = 'INFO: hello from my first line'

test('each source of plain lines has its command, with the address that reaches it', () => {
  const sources = [
    { id: 'tcp', type: 'tcp', address: 'tcp://0.0.0.0:9000' },
    { id: 'safe', type: 'tcp', address: 'tls://[::]:9001' },
    { id: 'udp', type: 'udp', address: 'udp://10.1.2.3:514' },
    { id: 'http', type: 'http', address: 'http://[::1]:8080' },
    { id: 'otlp', type: 'otlp', address: 'grpc://0.0.0.0:4317 http://0.0.0.0:4318' },
  ]
  const ways = waysOf([{ host: 'logs.example', sources }])
  assert.deepEqual(
    ways.map(({ label, command }) => [label, command]),
    [
      ['TCP', `echo "${LINE}" | nc -w1 logs.example 9000`],
      ['TLS', `echo "${LINE}" | openssl s_client -quiet -no_ign_eof -connect logs.example:9001`],
      ['UDP', `logger --udp --server 10.1.2.3 --port 514 "${LINE}"`],
      ['HTTP', `curl -d "${LINE}" http://[::1]:8080/`],
    ],
  )
  assert.match(ways[3]?.hint ?? '', /loopback only/)
  assert.doesNotMatch(ways[0]?.hint ?? '', /loopback/)
})

test('addresses of all interfaces become the name of the page, IPv6 too', () => {
  assert.equal(targetOf('tcp://0.0.0.0:1', '[fe80::1]')?.authority, '[fe80::1]:1')
  assert.equal(targetOf('tcp://0.0.0.0:1', '[fe80::1]')?.host, 'fe80::1')
  assert.equal(targetOf('nats://somewhere/subject', 'page'), undefined)
})

test('of several gateways each says where its lines go; the node beside the controller comes alone', () => {
  const sources = [{ id: 'tcp', type: 'tcp', address: 'tcp://0.0.0.0:9000' }]
  const node = (id: string) => ({ id, sources }) as never
  assert.deepEqual(
    waysOf(placesOf(undefined, [node('a'), node('b')], 'page')).map(({ label }) => label),
    ['TCP to a', 'TCP to b'],
  )
  assert.deepEqual(placesOf(node('own'), [node('a')], 'page'), [{ host: 'page', sources }])
})
