/**
 * The page behind a one-time link, `/setup#token=…`: an address and a password, and, for whoever works with commands, an API
 * key. Plain enough to need nothing but itself; all it does it does over the API. The token stands behind the `#`, so it
 * reaches neither logs nor other sites.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 12vh auto; padding: 0 1rem }
label { display: block; margin: 1rem 0 }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .4rem }
button { font: inherit; padding: .4rem 1rem }
code { overflow-wrap: anywhere }
`

const SCRIPT = `
const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
history.replaceState(null, '', location.pathname)
const [form, done, keys, told] = ['form', 'done', 'keys', 'told'].map((id) => document.getElementById(id))
const ask = async (path, body, headers = {}) => {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
  const response = await fetch('/api/v1' + path, init)
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail)
  return answer
}
const run = (work) => async (event) => {
  event.preventDefault()
  told.textContent = ''
  event.target.querySelector('button').disabled = true
  try {
    await work(event.target)
  } catch (error) {
    told.textContent = error.message
    event.target.querySelector('button').disabled = false
  }
}
let me
form.onsubmit = run(async () => {
  const { email, password, code } = Object.fromEntries(new FormData(form))
  me = await ask('/setup', { token, email, password, ...(code === '' ? {} : { code }) })
  form.hidden = true
  done.hidden = false
  document.getElementById('who').textContent = me.name + ', ' + me.role
})
keys.onsubmit = run(async () => {
  const { name } = Object.fromEntries(new FormData(keys))
  const { key } = await ask('/keys', { name, role: me.role, grants: [] }, { 'x-csrf-token': me.csrf_token })
  keys.hidden = true
  document.getElementById('key').textContent = key
  document.getElementById('made').hidden = false
})
if (token === '') told.textContent = 'This page needs the whole link, with what stands behind #token=.'
`

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>StreamGate: first login</title>
<style>${STYLE}</style>
<h1>StreamGate</h1>
<form id="form">
  <p>Set the password of your account.</p>
  <label>E-mail address <input name="email" type="email" autocomplete="username" required autofocus></label>
  <label>Password, 12 characters or more
    <input name="password" type="password" autocomplete="new-password" minlength="12" required></label>
  <label>Code of the second factor, if you have one <input name="code" autocomplete="one-time-code"></label>
  <button>Log in</button>
</form>
<div id="done" hidden>
  <p>You are logged in: <b id="who"></b>. The API is described at <a href="/docs">/docs</a>.</p>
  <form id="keys">
    <label>For commands and programs: an API key, named <input name="name" value="first" required></label>
    <button>Make the key</button>
  </form>
  <p id="made" hidden>Your key, which is shown this once: <code id="key"></code></p>
</div>
<p id="told" role="alert"></p>
<noscript>Scripts are off: use POST /api/v1/setup.</noscript>
<script>${SCRIPT}</script>
</html>
`

const POLICY = [
  "default-src 'none'",
  "connect-src 'self'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ')

export async function setupPage(app: FastifyInstance): Promise<void> {
  app.get('/setup', { config: { permission: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    const headers = { 'content-security-policy': POLICY, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
    return reply.headers(headers).type('text/html; charset=utf-8').send(PAGE)
  })
}

/** As a policy names an inline script or style. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
