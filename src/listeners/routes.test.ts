import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route } from '#component/exchange.ts'
import { RouteTable } from './routes.ts'

function route(text: string): Route {
  const [method, path] = text.split(' ')
  return { method: method as Route['method'], path: path!, handle() {} }
}

function tableOf(...texts: string[]) {
  const table = new RouteTable<string>()
  for (const text of texts) assert.equal(table.add(route(text), `owner of ${text}`), undefined)
  return table
}

/** What a request finds, in few words. */
function found(table: RouteTable<string>, method: string, path: string): string {
  const answer = table.find(method, path)
  if (answer.kind === 'unknown') return `unknown, near ${answer.nearest}`
  if (answer.kind === 'other_methods') return `allows ${answer.allow.join(' ')}`
  return [answer.placed.route.path, ...Object.entries(answer.params).map(([k, v]) => `${k}=${v}`)].join(' ')
}

test('literals go before names, names before *, and each gives what stood there', () => {
  const table = tableOf('POST /insert/*', 'POST /:index/_bulk', 'POST /_bulk', 'POST /insert/_bulk', 'POST /:a/:b/c')
  for (const [path, wanted] of [
    ['/_bulk', '/_bulk'],
    ['/insert/_bulk', '/insert/_bulk'],
    ['/logs/_bulk', '/:index/_bulk index=logs'],
    ['/a%2Fb%C3%A9/_bulk', '/:index/_bulk index=a/bé'],
    ['/%zz/_bulk', '/:index/_bulk index=%zz'],
    ['/insert/loki/api', '/insert/* *=loki/api'],
    ['/insert/', '/insert/* *='],
    ['/x/y/c', '/:a/:b/c a=x b=y'],
    ['/constructor/__proto__/c', '/:a/:b/c a=constructor b=__proto__'],
  ] as const) {
    assert.equal(found(table, 'POST', path), wanted, path)
  }
})

test('HEAD goes to GET, and what has another method is told', () => {
  const table = tableOf('GET /a', 'POST /a', 'HEAD /b', 'POST /:x')
  assert.equal(found(table, 'HEAD', '/a'), '/a')
  assert.equal(found(table, 'HEAD', '/b'), '/b')
  assert.equal(found(table, 'POST', '/b'), '/:x x=b')
  assert.equal(found(table, 'PUT', '/a'), 'allows GET POST HEAD')
  assert.equal(found(table, 'GET', '/b'), 'allows HEAD POST')
})

test('what nobody has is near to whose routes begin like it', () => {
  const table = tableOf('POST /api/v1/logs', 'POST /services/collector', 'POST /loki/*')
  assert.equal(found(table, 'POST', '/services/collector/nothing'), 'unknown, near owner of POST /services/collector')
  assert.equal(found(table, 'POST', '/api/v2'), 'unknown, near owner of POST /api/v1/logs')
  assert.equal(found(table, 'POST', '/loki'), 'unknown, near owner of POST /loki/*')
  assert.equal(found(table, 'POST', '//'), 'unknown, near owner of POST /api/v1/logs')
  assert.equal(found(new RouteTable(), 'POST', '/'), 'unknown, near undefined')
})

test('the same requests are had by one only, until it is removed', () => {
  const table = tableOf('POST /:index/_bulk', 'POST /a')
  for (const text of ['POST /:other/_bulk', 'POST /a']) {
    assert.ok(table.add(route(text), 'second')?.owner.startsWith('owner of'), text)
  }
  assert.equal(table.add(route('PUT /a'), 'second'), undefined)
  table.remove('owner of POST /a')
  assert.equal(found(table, 'POST', '/a'), 'allows PUT')
  table.remove('second')
  table.remove('owner of POST /:index/_bulk')
  assert.equal(found(table, 'POST', '/a/_bulk'), 'unknown, near undefined')
})

test('a path of thousands of segments costs little', () => {
  const table = tableOf('POST /a/*', 'POST /:a/:b', 'GET /x')
  const path = '/b'.repeat(8000)
  const start = performance.now()
  for (let i = 0; i < 100; i++) assert.equal(table.find('POST', path).kind, 'unknown')
  assert.ok(performance.now() - start < 5000)
})
