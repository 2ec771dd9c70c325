import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binaryCommand, dockerCommand, endpointOf, supervisorFile } from '#ui/screens/fleet/joining.ts'

test('gateways are told an address that they can reach', () => {
  const endpoint = (address: string) => endpointOf({ address, auth: 'required' }, 'controller.internal')
  assert.deepEqual(endpoint('http://127.0.0.1:4320/v1/opamp'), {
    url: 'ws://127.0.0.1:4320/v1/opamp',
    isLocal: true,
  })
  assert.deepEqual(endpoint('http://0.0.0.0:4320/v1/opamp'), {
    url: 'ws://controller.internal:4320/v1/opamp',
    isLocal: false,
  })
  assert.equal(endpoint('https://[::]:4320/v1/opamp').url, 'wss://controller.internal:4320/v1/opamp')
  assert.equal(endpoint('https://10.0.0.7:4320/v1/opamp').url, 'wss://10.0.0.7:4320/v1/opamp')
})

test('each way of starting has token and address', () => {
  for (const command of [binaryCommand, dockerCommand, supervisorFile]) {
    const text = command('sgr_secret', 'ws://c:4320/v1/opamp')
    assert.match(text, /sgr_secret/)
    assert.match(text, /ws:\/\/c:4320\/v1\/opamp/)
  }
})
