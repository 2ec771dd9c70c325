/** The page behind one-time links. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { TestController } from '#test/support/controller.ts'

async function page(controller: TestController): Promise<{ policy: string; html: string }> {
  const response = await fetch(`${controller.address}/setup`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  return { policy: response.headers.get('content-security-policy') ?? '', html: await response.text() }
}

const between = (html: string, tag: string) => html.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!

test('the page is there for everybody, and its policy allows nothing but what stands in it', async () => {
  await using controller = await TestController.start()
  const { policy, html } = await page(controller)
  for (const tag of ['script', 'style']) {
    const hash = createHash('sha256').update(between(html, tag)).digest('base64')
    assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`), `${tag}: ${policy}`)
  }
  assert.doesNotMatch(html, /https?:/)
})

/** As much of a browser as the script needs. */
class Element {
  hidden = false
  textContent = ''
  disabled = false
  fields: Record<string, string> = {}
  onsubmit: ((event: unknown) => Promise<void>) | undefined
  querySelector() {
    return this
  }
  submit(fields: Record<string, string>): Promise<void> {
    this.fields = fields
    return this.onsubmit!({ preventDefault() {}, target: this })
  }
}

test('its script makes the first owner, and a key for commands', async () => {
  await using controller = await TestController.start()
  const { html } = await page(controller)
  const { token } = (
    await controller.must<{ invitation: { token: string } }>(200, 'POST', '/orgs', {
      body: { id: 'acme', name: 'Acme' },
    })
  ).body.invitation
  const elements = new Map<string, Element>()
  const shown: string[] = []
  runInNewContext(between(html, 'script'), {
    URLSearchParams,
    location: { hash: `#token=${token}`, pathname: '/setup' },
    history: { replaceState: (...[, , path]: string[]) => shown.push(path!) },
    document: {
      getElementById: (id: string) => elements.get(id) ?? elements.set(id, new Element()).get(id),
    },
    FormData: class {
      constructor(form: Element) {
        // biome-ignore lint/correctness/noConstructorReturn: stands for the browser's, of which only the entries are asked for
        return Object.entries(form.fields)
      }
    },
    // The test's controller goes by a header; keys are the session's owner's.
    fetch: (path: string, init: RequestInit) =>
      fetch(controller.address + path, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), 'x-test-principal': 'owner@acme' },
      }),
  })
  assert.deepEqual(shown, ['/setup'], 'the token leaves the address')
  const [form, told] = [elements.get('form')!, elements.get('told')!]
  await form.submit({ email: 'ada@acme.example', password: 'short', code: '' })
  assert.match(told.textContent, /password/)
  await form.submit({ email: 'ada@acme.example', password: 'correct horse battery', code: '' })
  assert.equal(told.textContent, '')
  assert.equal(elements.get('who')!.textContent, 'ada@acme.example, owner')
  assert.equal(form.hidden, true)
  await elements.get('keys')!.submit({ name: 'first' })
  assert.match(elements.get('key')!.textContent, /^sg_/)
})
