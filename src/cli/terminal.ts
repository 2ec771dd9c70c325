/** Colour on terminals, and what this program is called. */
import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'

export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

type Paint = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim'

/** Colours only where a person looks, and never against NO_COLOR (no-color.org). */
export function paint(format: Paint, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return stream.isTTY && !process.env['NO_COLOR'] ? styleText(format, text, { validateStream: false }) : text
}
