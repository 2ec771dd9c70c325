import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { QueryClient } from '@tanstack/react-query'
import { Conflict, DraftEditing, holdsSecrets, type Part } from './draft.ts'

/** The routes of a draft's parts, as far as they matter here: lists by path, tags that are the content itself. */
class Draft {
  readonly lists = new Map<string, Part[]>()
  readonly asked: string[] = []
  /** Called before each answer: somebody else, who is quicker. */
  meanwhile: (asked: string) => void = () => undefined

  answer(url: string, init: RequestInit): Response {
    const { pathname, searchParams } = new URL(url, 'http://here')
    const path = pathname.replace('/api/v1/configurations/c/', '')
    const method = init.method ?? 'GET'
    this.asked.push(`${method} ${path}`)
    this.meanwhile(`${method} ${path}`)
    const body = init.body === undefined ? undefined : (JSON.parse(String(init.body)) as Part)
    if (method === 'POST') return this.#add(path, body!, searchParams.get('position'))
    const [list, id] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)]
    const parts = this.lists.get(list) ?? []
    const at = parts.findIndex((part) => part.id === id)
    if (at === -1) return problem(404)
    if (method === 'GET') return told(parts[at]!)
    if (new Headers(init.headers).get('if-match') !== tagOf(parts[at]!)) return problem(412)
    const others = parts.toSpliced(at, 1)
    const position = Number(searchParams.get('position') ?? at)
    this.lists.set(list, method === 'DELETE' ? others : others.toSpliced(position, 0, body!))
    return method === 'DELETE' ? new Response(null, { status: 204 }) : told(body!)
  }

  #add(path: string, part: Part, position: string | null): Response {
    const parts = this.lists.get(path)
    if (parts === undefined) return problem(404)
    if (parts.some(({ id }) => id === part.id)) return problem(409)
    this.lists.set(path, parts.toSpliced(position === null ? parts.length : Number(position), 0, part))
    if (path === 'pipelines') this.lists.set(`pipelines/${part.id}/processors`, [])
    return told(part)
  }
}

function tagOf(part: Part): string {
  return `"${JSON.stringify(part).length}${JSON.stringify(part).at(-3)}"`
}

function told(part: Part): Response {
  return Response.json(part, { headers: { etag: tagOf(part) } })
}

function problem(status: number): Response {
  return Response.json({ type: 'about:blank', title: 'No', status, detail: `it is ${status}` }, { status })
}

const RULES = 'pipelines/p/processors'
const { fetch: realFetch } = globalThis
let draft: Draft
let editing: DraftEditing

beforeEach(() => {
  draft = new Draft()
  globalThis.fetch = async (url, init) => draft.answer(String(url), init ?? {})
  editing = new DraftEditing(new QueryClient(), 'c', { pipeline: 'p' })
})
afterEach(() => {
  globalThis.fetch = realFetch
})

const rules = (...ids: string[]): Part[] => ids.map((id) => ({ id, type: 'filter', params: { value: id } }))
const ids = () => draft.lists.get(RULES)?.map(({ id }) => id)

test('the first rule of a pipeline that is not in the draft brings the pipeline with it', async () => {
  draft.lists.set('pipelines', [])
  await editing.add({ id: 'a', type: 'filter', params: {} })
  assert.deepEqual(ids(), ['a'])
  assert.deepEqual(draft.asked, [`POST ${RULES}`, 'POST pipelines', `POST ${RULES}`])
})

test('somebody who made the pipeline at the same time is no trouble', async () => {
  draft.lists.set('pipelines', [])
  draft.meanwhile = (asked) => {
    if (asked !== 'POST pipelines') return
    draft.lists.set('pipelines', [{ id: 'p' }])
    draft.lists.set(RULES, rules('theirs'))
  }
  await editing.add({ id: 'a', type: 'filter', params: {} })
  assert.deepEqual(ids(), ['theirs', 'a'])
})

test('what somebody else has changed is not written over: both are told', async () => {
  draft.lists.set(RULES, rules('a', 'b'))
  const mine = { id: 'a', type: 'filter', params: { value: 'mine' } }
  const theirs = { id: 'a', type: 'filter', params: { value: 'theirs!' } }
  const etag = tagOf(draft.lists.get(RULES)![0]!)
  draft.lists.set(RULES, [theirs, ...rules('b')])
  await assert.rejects(editing.replace(mine, etag), (error) => {
    assert.ok(error instanceof Conflict)
    assert.deepEqual([error.mine, error.theirs?.body], [mine, theirs])
    return true
  })
  assert.deepEqual(draft.lists.get(RULES)![0], theirs)
  draft.lists.set(RULES, rules('b'))
  await assert.rejects(editing.replace(mine, etag), (error) => error instanceof Conflict && error.theirs === undefined)
})

test('a move takes along what somebody else makes of the rule on the way', async () => {
  draft.lists.set(RULES, rules('a', 'b', 'c'))
  const changed = { id: 'a', type: 'filter', params: { value: 'changed meanwhile' } }
  let times = 0
  draft.meanwhile = (asked) => {
    if (asked.startsWith('PUT') && ++times === 1) draft.lists.set(RULES, [changed, ...rules('b', 'c')])
  }
  await editing.move('a', 2)
  assert.deepEqual(ids(), ['b', 'c', 'a'])
  assert.deepEqual(draft.lists.get(RULES)?.[2], changed)
})

test('only what was shown is deleted', async () => {
  draft.lists.set(RULES, rules('a', 'b'))
  const [shown] = rules('a')
  draft.lists.set(RULES, [{ id: 'a', type: 'filter', params: { value: 'new' } }, ...rules('b')])
  await assert.rejects(editing.remove(shown!), Conflict)
  assert.deepEqual(ids(), ['a', 'b'])
  await editing.remove(rules('b')[0]!)
  assert.deepEqual(ids(), ['a'])
})

test('secrets that nobody can read are known', () => {
  assert.ok(holdsSecrets({ id: 'o', headers: { key: '[redacted]' } }))
  assert.ok(!holdsSecrets({ id: 'o', headers: { key: '${secret:key}' } }))
})
