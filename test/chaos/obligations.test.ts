/** An oracle that sees nothing must not pass for a program that does nothing wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drops, Obligations, patternOf, recordText } from './obligations.ts'
import { ruleSets } from './schedule.ts'

const idOf = (n: number) => `p0-${String(n).padStart(6, '0')}`

function acknowledged(...numbers: number[]) {
  const oracle = new Obligations('sevens')
  const records = numbers.map((n) => oracle.issue(idOf(n), recordText(idOf(n), `text \u20ac ${n}`)))
  oracle.answered(oracle.send(records), true)
  const stored = new Map(records.map(({ text }) => [Buffer.from(text).toString('latin1'), 1]))
  return { oracle, records, stored }
}

test('what was acknowledged and stored is in order', () => {
  const { oracle, stored } = acknowledged(1, 2)
  assert.deepEqual(oracle.judge('a', stored), { problems: [], duplicates: 0 })
  assert.ok(oracle.isMet(stored))
})

const lies: Record<string, [change: (stored: Map<string, number>) => void, told: RegExp]> = {
  'a lost record': [
    (stored) => stored.delete([...stored.keys()][0]!),
    /never got acknowledged records: 1, such as p0-000001/,
  ],
  'a record that nobody sent': [(stored) => stored.set(recordText('p9-000000', ''), 1), /what nobody has sent: 1/],
  'bytes that are no record': [(stored) => stored.set('half a rec', 1), /what nobody has sent: 1, such as half a rec/],
  'a record with one byte changed': [
    (stored) => {
      const [line] = stored.keys()
      stored.set(line!.replace('text', 'tent'), 1)
    },
    /not as they were sent: 1, such as p0-000001/,
  ],
  'a record that a rule drops': [
    (stored) => stored.set(Buffer.from(recordText(idOf(7), 'text \u20ac 7')).toString('latin1'), 1),
    /that a rule drops: 1, such as p0-000007/,
  ],
}
for (const [name, [change, told]] of Object.entries(lies)) {
  test(`the oracle sees ${name}`, () => {
    const { oracle, stored } = acknowledged(1, 2, 7)
    stored.delete([...stored.keys()][2]!)
    assert.deepEqual(oracle.judge('a', stored).problems, [])
    change(stored)
    const { problems } = oracle.judge('a', stored)
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, told)
  })
}

test('duplicates are counted, and are no problem of their own', () => {
  const { oracle, stored } = acknowledged(1, 2)
  for (const line of stored.keys()) stored.set(line, 3)
  assert.deepEqual(oracle.judge('a', stored), { problems: [], duplicates: 4 })
})

test('what was not answered may be stored or not, and a rule of any time may have run on it', () => {
  const oracle = new Obligations('sevens_and_threes')
  const records = [1, 3, 7].map((n) => oracle.issue(idOf(n), recordText(idOf(n), '')))
  oracle.answered(oracle.send(records), false)
  assert.deepEqual(oracle.judge('a', new Map()).problems, [])
  assert.deepEqual(oracle.judge('a', new Map(records.slice(0, 2).map(({ text }) => [text, 1]))).problems, [])
  assert.match(oracle.judge('a', new Map([[records[2]!.text, 1]])).problems[0]!, /a rule drops: 1, such as p0-000007/)
})

test('while rules change either may have run; before and after only the one', () => {
  const oracle = new Obligations('sevens')
  const send = (n: number) => {
    const record = oracle.issue(idOf(n), recordText(idOf(n), ''))
    return { record, attempt: oracle.send([record]) }
  }
  const before = send(13)
  oracle.answered(before.attempt, true)
  const during = send(23)
  oracle.rulesChanging('sevens_and_threes')
  oracle.rulesChanged('sevens_and_threes')
  oracle.answered(during.attempt, true)
  const after = send(33)
  oracle.answered(after.attempt, true)
  assert.match(oracle.judge('a', new Map()).problems.join(), /acknowledged records: 1, such as p0-000013$/)
  const stored = new Map([before, during, after].map(({ record }) => [record.text, 1]))
  assert.match(oracle.judge('a', stored).problems.join(), /a rule drops: 1, such as p0-000033$/)
})

test('the pattern of a rule set finds what it drops, and looks at nothing but the id', () => {
  for (const set of ruleSets) {
    const pattern = new RegExp(patternOf(set))
    for (let n = 0; n < 20; n++)
      assert.equal(pattern.test(recordText(idOf(n), '"id":"p0-000007"')), drops(set, idOf(n)), `${set} ${n}`)
  }
})
