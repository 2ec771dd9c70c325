/** What stands under `/ui/` while there is no dashboard yet: that it is being built, or why it cannot be. */

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 12vh auto; padding: 0 1rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; border-radius: .25rem; padding: .75rem }
`

/** Asks rather than reads the page again and again, which would interrupt whoever has it read out. */
const script = (seconds: number) => `
const look = async () => {
  const answer = await fetch(location.href, { method: 'HEAD' }).catch(() => undefined)
  if (answer !== undefined && !answer.headers.has('retry-after')) location.reload()
  else setTimeout(look, ${seconds * 1000})
}
setTimeout(look, ${seconds * 1000})
`

/** `nonce` stands where the nonce of the response goes. */
export function waitingPage(
  state: { kind: 'building' } | { kind: 'failed'; reason: string },
  nonce: string,
  retrySeconds: number,
): string {
  const waiting = state.kind === 'building' ? `<script nonce="${nonce}">${script(retrySeconds)}</script>\n` : ''
  const [title, text] =
    state.kind === 'building'
      ? [
          'The dashboard is being built',
          '<p>This takes a few seconds, once. It opens here by itself, or when you load the page again.</p>',
        ]
      : [
          'The dashboard cannot be shown',
          `<p>Gateways and the API work without it.</p>\n<pre>${escaped(state.reason)}</pre>`,
        ]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title} – StreamGate</title>
<style nonce="${nonce}">${STYLE}</style>
<main>
<h1>${title}</h1>
${text}
<p>The API is described at <a href="/docs">/docs</a>.</p>
</main>
${waiting}</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
