import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabelReader } from './labels.ts'

test('service and severity are read wherever common loggers write them', () => {
  const reader = new LabelReader()
  for (const [text, service, severity] of [
    ['{"service":"shop","level":"warn"}', 'shop', 'warn'],
    ['{"service":{"name":"shop"},"log":{"level":"ERROR"}}', 'shop', 'error'],
    ['{"resource":{"attributes":{"service.name":"cart"}},"severity_text":"Fatal"}', 'cart', 'fatal'],
    ['{"level":30,"msg":"pino"}', '', 'info'],
    ['{"level":"notice"}', '', 'info'],
    ['{"level":"critical"}', '', 'error'],
    ['{"level":"verbose"}', '', 'trace'],
    ['{"level":"whatever"}', '', 'unset'],
    ['{"service":"a\\u00e4\\"b","lvl":"dbg"}', 'aä"b', 'debug'],
    ['{"service":"not closed', '', 'unset'],
    ['ERROR plain text', '', 'unset'],
    ['', '', 'unset'],
  ] as const)
    assert.deepEqual(reader.read(text), { service, severity }, text)
})
