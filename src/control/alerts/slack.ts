/** Events as messages for Slack's incoming webhooks. */
const TEXT_CHARACTERS_MAX = 3000

/** `body`: of the event, as for the kind `standard`. */
export function slackBody(body: string): string {
  const { type, data } = JSON.parse(body) as { type: string; data: unknown }
  const text = textOf(type, data)
  return JSON.stringify({ text: text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX)}…` : text })
}

function textOf(type: string, data: unknown): string {
  const { text, rule } = (data ?? {}) as { text?: unknown; rule?: { description?: unknown } }
  if (typeof text !== 'string') return `${type}: ${escapeText(JSON.stringify(data) ?? '')}`
  const mark = type === 'alert.firing' ? ':red_circle: ' : type === 'alert.resolved' ? ':large_green_circle: ' : ''
  const description = typeof rule?.description === 'string' && type === 'alert.firing' ? rule.description : ''
  return mark + escapeText(description === '' ? text : `${text}\n${description}`)
}

/** The three characters that mean something in Slack's text, as its documentation asks for; so nobody is mentioned either. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
