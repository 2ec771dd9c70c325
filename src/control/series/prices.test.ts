import assert from 'node:assert/strict'
import { type PriceBody, priceBody } from '#contract/savings.ts'
import { testOnDatabases } from '#test/support/databases.ts'
import { addPrice, listPrices, priceOn, pricesOfOutputs } from './prices.ts'

testOnDatabases(
  'the price of a day: of the output here, of the output, of its type, the latest by then',
  async ({ db }) => {
    const add = (body: Partial<PriceBody>) =>
      db
        .transaction()
        .execute((tx) =>
          addPrice(tx, 'o', priceBody.parse({ currency: 'EUR', since: '2026-01-01', ...body }), 'me', Date.now()),
        )
    await add({ output_type: 'http', per_gb: 1 })
    await add({ output_type: 'http', per_gb: 2, since: '2026-03-01' })
    await add({ output: 'vendor', per_gb: 3, since: '2026-02-01' })
    await add({ output: 'vendor', configuration: 'eu', per_gb: 4, unit: 'GiB', since: '2026-02-15' })
    const prices = await listPrices(db, 'o', 10)
    const on = (configuration: string, output: string, day: string) =>
      priceOn(prices, configuration, output, 'http', day)?.per_gb
    assert.deepEqual(
      [
        on('eu', 'any', '2025-12-31'),
        on('eu', 'any', '2026-01-01'),
        on('eu', 'any', '2026-03-01'),
        on('eu', 'vendor', '2026-01-31'),
        on('eu', 'vendor', '2026-02-01'),
        on('eu', 'vendor', '2026-03-01'),
        on('us', 'vendor', '2026-03-01'),
      ],
      [undefined, 1, 2, 1, 3, 4, 3],
    )
    assert.equal(priceOn(prices, 'eu', 'any', 'tcp', '2026-05-01'), undefined)
    const document = {
      outputs: [
        { id: 'vendor', type: 'http' },
        { id: 'x', type: 'tcp' },
      ],
    }
    const at = Date.UTC(2026, 3, 1)
    const [price, ...rest] = await pricesOfOutputs(db, 'o', document, at, 'eu')
    assert.deepEqual(rest, [])
    assert.ok(Math.abs(price!.per_gb - 4 / 1.073741824) < 1e-12)
    assert.equal((await pricesOfOutputs(db, 'o', document, at))[0]!.per_gb, 3)
  },
)
