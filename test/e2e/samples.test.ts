/** Where to send a line, and what became of it: the address from the controller, the record from its samples. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { About } from '#contract/about.ts'
import type { RecentRecords } from '#contract/observation.ts'
import { Operator } from '#test/support/operator.ts'
import { Program } from '#test/support/program.ts'

test('lines that are sent to where the controller says show among the recent records, redacted', async () => {
  await using program = await Program.start('up')
  const operator = new Operator(program.address('API'))
  const rules = [
    { id: 'no_debug', type: 'filter', params: { value: 'DEBUG' } },
    { id: 'ssn', type: 'redact', params: { pattern: '\\d{3}-\\d{2}-\\d{4}', replacement: 'XXX' } },
  ]
  for (const rule of rules) await operator.must('POST', '/rules', rule)
  await program.publish()
  const { node, opamp, redis } = await operator.must<About>('GET', '/about')
  assert.equal(new URL(opamp!.address).port, new URL(program.address('OpAMP')).port)
  assert.equal(redis, false)
  const { address } = node!.sources.find(({ type }) => type === 'tcp')!
  assert.equal(new URL(address).port, new URL(program.address('tcp')).port)
  const send = (text: string) => connect(Number(new URL(address).port), '127.0.0.1').end(text)
  const recent = (query = '') => operator.must<RecentRecords>('GET', `/configurations/default/samples${query}`)
  await program.until(async () => {
    send('INFO 123-45-6789 paid\nDEBUG 123-45-6789\n')
    // What came in before the rules were there is among them.
    return (await recent()).records.some(({ rule }) => rule === 'no_debug')
  }, 'the record that was dropped')
  const { records, gateways, pipelines } = await recent('?rule=no_debug&pipeline=default_pipeline&limit=1')
  assert.deepEqual(gateways, { asked: 1, answered: 1 })
  assert.ok(pipelines[0]!.seen.records >= 2)
  const [record] = records
  assert.partialDeepStrictEqual(record, {
    pipeline: 'default_pipeline',
    source: 'tcp',
    fate: 'dropped',
    rule: 'no_debug',
    before: { text: 'DEBUG XXX' },
    after: null,
  })
  const { items } = await operator.must<{ items: { id: string }[] }>('GET', '/gateways')
  assert.equal(record!.gateway, items[0]!.id)
  const { records: edited } = await recent('?rule=ssn&fate=forwarded')
  assert.deepEqual([edited[0]!.after, edited[0]!.edited_by], [{ text: 'INFO XXX paid' }, ['ssn']])
  assert.equal((await operator.ask('GET', '/configurations/default/samples?limit=501')).status, 422)
  assert.equal((await operator.ask('GET', '/configurations/nobody/samples')).status, 404)
})
