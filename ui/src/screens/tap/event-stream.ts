/** Server-sent events, read from a stream of text as it comes (HTML Living Standard, 9.2.6). */

export interface ServerEvent {
  event: string
  data: string
}

/** A longer event is none of ours: what has come of it is let go, so that nothing grows without end. */
export const EVENT_CHARACTERS_MAX = 32 * 1024 * 1024

export class EventStreamParser {
  #rest = ''
  #event = ''
  #data: string[] = []
  #length = 0

  /** The events that end in this piece. A line may begin in one piece and end in another. */
  push(piece: string): ServerEvent[] {
    const events: ServerEvent[] = []
    const text = this.#rest + piece
    // A carriage return at the very end may be the first half of a line end.
    const lines = text.split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = this.#line(line)
      if (event !== undefined) events.push(event)
    }
    if (this.#rest.length > EVENT_CHARACTERS_MAX) this.#rest = ''
    return events
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#end()
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'event') this.#event = value
    if (field === 'data' && this.#length + value.length <= EVENT_CHARACTERS_MAX) {
      this.#data.push(value)
      this.#length += value.length
    }
    return undefined
  }

  #end(): ServerEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n') }
    const isEmpty = this.#data.length === 0
    this.#event = ''
    this.#data = []
    this.#length = 0
    return isEmpty ? undefined : event
  }
}
