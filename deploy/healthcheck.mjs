/**
 * HEALTHCHECK of the image, for all three roles: asks the node's admin port and the controller's API, each where it usually is, and
 * passes when at least one answers and none that answers is unwell. HEALTHCHECK_URLS names others, with commas. JavaScript, as it
 * runs every few seconds and should load nothing.
 */
import { get as overHttp } from 'node:http'
import { get as overHttps } from 'node:https'

const PATIENCE_MS = 3_000

const { ADMIN_PORT, CONTROL_PORT, HEALTHCHECK_URLS } = process.env
const urls = (
  HEALTHCHECK_URLS || `http://127.0.0.1:${ADMIN_PORT || 8083}/healthz,http://127.0.0.1:${CONTROL_PORT || 8000}/healthz`
).split(',')

/** The status; undefined where nobody listens. 0: somebody does and does not answer. */
function statusOf(url) {
  return new Promise((resolve) => {
    // It asks this very container, so whose name the certificate bears does not matter.
    const request = url.startsWith('https:') ? overHttps(url, { rejectUnauthorized: false }) : overHttp(url)
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error('no answer')))
    request.on('response', (response) => resolve(response.resume().statusCode))
    request.on('error', (error) => resolve(error.code === 'ECONNREFUSED' ? undefined : 0))
  })
}

const statuses = await Promise.all(urls.map(statusOf))
const answers = statuses.filter((status) => status !== undefined)
const isWell = answers.length > 0 && answers.every((status) => status === 200)
if (!isWell) console.log(urls.map((url, i) => `${url} ${statuses[i] ?? 'nobody listens'}`).join('\n'))
process.exit(isWell ? 0 : 1)
