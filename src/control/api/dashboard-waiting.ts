/** What stands under `/ui/` while there is no dashboard yet: that it is being built, or why it cannot be. */

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 44rem; margin: 12vh auto; padding: 0 1rem }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid; border-radius: .25rem; padding: .75rem }
`

/** `nonce` stands where the nonce of the response goes. */
export function waitingPage(
  state: { kind: 'building' } | { kind: 'failed'; reason: string },
  nonce: string,
  retrySeconds: number,
): string {
  const refresh = state.kind === 'building' ? `<meta http-equiv="refresh" content="${retrySeconds}">\n` : ''
  const [title, text] =
    state.kind === 'building'
      ? ['The dashboard is being built', '<p>This takes a few seconds, once. The page opens by itself.</p>']
      : [
          'The dashboard cannot be shown',
          `<p>Gateways and the API work without it.</p>\n<pre>${escaped(state.reason)}</pre>`,
        ]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${refresh}<title>${title} – StreamGate</title>
<style nonce="${nonce}">${STYLE}</style>
<main>
<h1>${title}</h1>
${text}
<p>The API is described at <a href="/docs">/docs</a>.</p>
</main>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
