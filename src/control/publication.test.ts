import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '#observe/log.ts'
import { ManualClock } from '#std/clock.ts'
import { hashOf } from './manifest.ts'
import { Publication } from './publication.ts'
import type { Publisher } from './runtime.ts'
import { Store } from './store/store.ts'

const RULE = { id: 'drop_debug', type: 'filter', params: { value: 'DEBUG' } }

function bus(name: string, publish: Publisher['publish']): Publisher {
  return { name, publish }
}
const away = (name: string) =>
  bus(name, async () => {
    throw new Error('is away')
  })

function start(publishers: Publisher[]) {
  const store = Store.open(':memory:')
  const clock = new ManualClock()
  return { store, clock, publication: new Publication(store, publishers, clock, silentLogger) }
}

test('what is published is the original manifest, kept with its hash and time before anyone is told', async () => {
  let keptWhenTold: string | undefined
  const { store, clock, publication } = start([
    bus('one', async () => {
      keptWhenTold = (await store.published())?.manifest
      return 3
    }),
    bus('two', async () => 1),
  ])
  await store.addRule(RULE)
  await store.addOutput({ type: 'http', url: 'http://example.com', headers: { 'x-key': 'secret' } })
  await store.setBatchSize(7)
  clock.advance(1234)
  const { manifest, subscribers, warning, nobody } = await publication.publish()
  const text =
    '{"version":"1.0","pipelines":[{"name":"default_pipeline","processors":[{"id":"drop_debug","type":"filter","params":{"value":"DEBUG"}}],"outputs":[{"type":"http","url":"http://example.com","headers":{"x-key":"secret"}}],"batch_size":7}]}'
  assert.equal(JSON.stringify(manifest), text)
  assert.deepEqual({ subscribers, warning, nobody }, { subscribers: 4, warning: undefined, nobody: false })
  assert.equal(keptWhenTold, text)
  assert.deepEqual(await store.published(), { manifest: text, hash: hashOf(text), publishedAt: clock.wall() })
  await store.close()
})

test('publishing nothing new gives the same bytes', async () => {
  const told: string[] = []
  const { store, publication } = start([bus('one', async (manifest) => told.push(manifest))])
  await store.addRule(RULE)
  await publication.publish()
  await publication.publish()
  assert.equal(told[0], told[1])
  await store.close()
})

test('a bus that fails is a warning, and the others are told', async () => {
  const told: string[] = []
  const { store, publication } = start([away('redis'), bus('memory', async (manifest) => told.push(manifest))])
  const { subscribers, warning, nobody } = await publication.publish()
  assert.deepEqual({ subscribers, warning, nobody }, { subscribers: 1, warning: 'redis: is away', nobody: false })
  assert.equal(told.length, 1)
  await store.close()
})

test('when all fail nobody was told, and it is kept all the same', async () => {
  const { store, publication } = start([away('redis'), away('other')])
  const { subscribers, warning, nobody } = await publication.publish()
  assert.deepEqual({ subscribers, nobody }, { subscribers: 0, nobody: true })
  assert.equal(warning, 'redis: is away; other: is away')
  assert.notEqual(await store.published(), undefined)
  await store.close()
})

test('without any bus publishing is keeping', async () => {
  const { store, publication } = start([])
  assert.equal((await publication.publish()).nobody, false)
  assert.notEqual(await store.published(), undefined)
  await store.close()
})

test('publications happen one after the other: what is kept last is told last', async () => {
  const told: string[] = []
  const first = Promise.withResolvers<void>()
  const { store, publication } = start([
    bus('slow', async (manifest) => {
      if (told.length === 0) await first.promise
      told.push(manifest)
      return 1
    }),
  ])
  const one = publication.publish()
  await store.addRule(RULE)
  const two = publication.publish()
  first.resolve()
  await Promise.all([one, two])
  assert.equal(told.length, 2)
  assert.equal(told.at(-1), (await store.published())?.manifest)
  assert.match(told[1]!, /drop_debug/)
  await store.close()
})

test('a store that fails rejects the one publication and not those after it', async () => {
  const { store, publication } = start([bus('one', async () => 1)])
  const kept = store.setPublished.bind(store)
  store.setPublished = () => Promise.reject(new Error('disk full'))
  await assert.rejects(publication.publish(), /disk full/)
  store.setPublished = kept
  assert.equal((await publication.publish()).subscribers, 1)
  await store.close()
})
