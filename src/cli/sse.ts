/** Server-sent events as they come over a response (WHATWG HTML, section 9.2.6). */
import { StreamgateError } from '#contract/error.ts'

export interface ServerEvent {
  /** `message` where the server names none. */
  event: string
  data: string
  /** The last id that the server has named, also with an earlier event; empty for none. */
  id: string
}

/** More in one event is no event of ours. In characters. */
export const EVENT_LENGTH_MAX = 16 * 1024 * 1024

/** Ends with the stream; an event that is not complete by then is none. Throws what the stream throws, or that an event is too large. */
export async function* readEvents(
  chunks: AsyncIterable<Uint8Array>,
  lengthMax = EVENT_LENGTH_MAX,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  const parser = new EventParser()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    let from = 0
    for (let end = lineEnd(rest, from); end !== undefined; end = lineEnd(rest, from)) {
      const event = parser.line(rest.slice(from, end.at))
      from = end.next
      if (event !== undefined) yield event
    }
    rest = rest.slice(from)
    if (rest.length + parser.length > lengthMax)
      throw new StreamgateError('SG_USAGE', `the server sends an event of more than ${lengthMax} characters`)
  }
}

/** A line ends with CR LF, LF or CR. A CR at the very end may have its LF still to come. */
function lineEnd(text: string, from: number): { at: number; next: number } | undefined {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a) return { at, next: at + 1 }
    if (code !== 0x0d) continue
    if (at + 1 === text.length) return undefined
    return { at, next: text.charCodeAt(at + 1) === 0x0a ? at + 2 : at + 1 }
  }
  return undefined
}

class EventParser {
  #event = ''
  #data: string[] = []
  #id = ''
  /** Of the data so far. */
  length = 0

  /** Gives the event that an empty line ends. */
  line(line: string): ServerEvent | undefined {
    if (line === '') return this.#end()
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (name === 'data') {
      this.#data.push(value)
      this.length += value.length + 1
    } else if (name === 'event') this.#event = value
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    return undefined
  }

  #end(): ServerEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id }
    const isEvent = this.#data.length > 0
    this.#event = ''
    this.#data = []
    this.length = 0
    return isEvent ? event : undefined
  }
}
