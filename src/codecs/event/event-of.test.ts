import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventTexts } from './event-of.ts'

const cases: [string, string | undefined, number, string][] = [
  ['{"level":"ERROR","service":"pay","msg":"a \\"b\\""}', 'pay', 17, 'a "b"'],
  ['{"resource":{"attributes":{"service.name":"x"}},"severity_text":"Warn","body":"é"}', 'x', 13, 'é'],
  ['{"level":50,"message":"pino"}', undefined, 17, 'pino'],
  ['{"other":1}', undefined, 0, ''],
  ['<11>1 2026-01-01T00:00:00Z host app 1 - - it broke', 'app', 17, 'it broke'],
  ['<14>Jan  1 00:00:00 host cron[5]: fine', 'cron', 9, 'fine'],
]

test('texts say their service, severity and message, whatever form they have', () => {
  const texts = new EventTexts()
  for (const [text, service, severity, message] of cases) {
    const event = texts.read(text)
    assert.equal(event.service, service, text)
    assert.equal(event.severity, severity, text)
    assert.equal(event.message, message, text)
  }
})

test('a line of text has the level that stands near its front', () => {
  const texts = new EventTexts()
  const lines: [string, number][] = [
    ['[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6', 17],
    ['081109 203615 148 INFO dfs.DataNode$PacketResponder: terminating', 9],
    ['2015-10-18 18:01:47,978 WARN [main] org.apache.hadoop: an ERROR would be worse', 13],
    ['time=1 level=debug msg="x"', 5],
    ['FATAL: out of memory', 21],
    ['Dec 10 06:55:46 host sshd[1]: error: Received disconnect', 17],
    ['note: this is fine', 0],
    ['an error happened, said nobody', 0],
    ['<11>', 17],
    ['see <11>', 0],
    [`${'x'.repeat(300)} ERROR`, 0],
    ['', 0],
  ]
  for (const [line, severity] of lines) assert.equal(texts.read(line).severity, severity, line)
})
