/**
 * Screens are loaded when somebody goes there. After an update of the controller the parts of the old page are gone: then the page
 * is loaded anew, once. While the controller does not answer it stays as it is, so that there is still something to look at.
 */

const WORDS = 'This part of the page could not be loaded'

export function watchParts(): void {
  addEventListener('vite:preloadError', ({ payload }) => {
    // The router knows the browsers' words for this, and would reload at once, whether the controller is there or not.
    payload.message = `${WORDS} (${payload.message})`
    void page().then((html) => {
      if (html !== undefined && isOtherBuild(html, entry())) location.reload()
    })
  })
}

/** For "Try again" below an error: what could not be loaded comes only with the page. */
export async function tryAgain(error: unknown, reset: () => void): Promise<void> {
  const isPart = error instanceof Error && error.message.startsWith(WORDS)
  if (!isPart) reset()
  else if ((await page()) !== undefined) location.reload()
}

/** The page there is now was not made with this entry. */
export function isOtherBuild(html: string, entryPath: string): boolean {
  return !html.includes(`"${entryPath}"`)
}

function entry(): string {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
  return script === null ? '' : new URL(script.src).pathname
}

async function page(): Promise<string | undefined> {
  try {
    const response = await fetch('/ui/', { cache: 'no-store', headers: { accept: 'text/html' } })
    return response.ok ? await response.text() : undefined
  } catch {
    return undefined
  }
}
