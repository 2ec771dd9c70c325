/** Colour on terminals, and what this program is called. */
import { existsSync, readFileSync } from 'node:fs'
import { styleText } from 'node:util'

/** From source the project's package.json, compiled the one that the build writes beside the code. */
export const version: string = manifest().version

function manifest(): { version: string } {
  const found = ['../package.json', '../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url))
  return found === undefined ? { version: 'unknown' } : JSON.parse(readFileSync(found, 'utf8'))
}

type Paint = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim'

/** Colours only where a person looks, and never against NO_COLOR (no-color.org). */
export function paint(format: Paint, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return stream.isTTY && !process.env['NO_COLOR'] ? styleText(format, text, { validateStream: false }) : text
}
