/** IP addresses: four decimal numbers (RFC 791), and the text forms of IPv6 (RFC 4291 section 2.2). */
import { type Detector, isAlphanumeric, isDigit, isHex } from './detector.ts'

const DOT = 0x2e
const COLON = 0x3a

export const ipv4: Detector = {
  next(text, from) {
    for (let dot = text.indexOf('.', from); dot !== -1; dot = text.indexOf('.', dot + 1)) {
      let start = dot
      while (start > from && dot - start < 3 && isDigit(text.charCodeAt(start - 1))) start--
      if (start === dot || isWordOrDot(text.charCodeAt(start - 1))) continue
      const end = ipv4End(text, start)
      if (
        end !== -1 &&
        !isAlphanumeric(text.charCodeAt(end)) &&
        !(text.charCodeAt(end) === DOT && isDigit(text.charCodeAt(end + 1)))
      ) {
        return { from: start, to: end }
      }
    }
    return undefined
  },
}

/** Position behind four numbers from 0 to 255 without leading zeros, or -1. */
function ipv4End(text: string, start: number): number {
  let at = start
  for (let part = 0; part < 4; part++) {
    let value = 0
    const first = at
    while (at - first < 3 && isDigit(text.charCodeAt(at))) value = value * 10 + text.charCodeAt(at++) - 0x30
    if (at === first || value > 255 || (at - first > 1 && text.charCodeAt(first) === 0x30)) return -1
    if (part < 3 && text.charCodeAt(at++) !== DOT) return -1
  }
  return at
}

/** The longest text form has 45 characters. */
const IPV6_MAX = 45

export const ipv6: Detector = {
  next(text, from) {
    for (let colon = text.indexOf(':', from); colon !== -1; colon = text.indexOf(':', colon + 1)) {
      // Two colons at least: clock times and key:value pairs mostly end here.
      if (!isHex(text.charCodeAt(colon + 1)) && text.charCodeAt(colon + 1) !== COLON) continue
      let start = colon
      while (start > from && colon - start < IPV6_MAX && isHex(text.charCodeAt(start - 1))) start--
      if (isWordOrDot(text.charCodeAt(start - 1)) || (start > from && text.charCodeAt(start - 1) === COLON)) continue
      let end = start
      while (end - start < IPV6_MAX && isAddressCharacter(text.charCodeAt(end))) end++
      while (
        end > start &&
        (text.charCodeAt(end - 1) === DOT || (text.charCodeAt(end - 1) === COLON && text.charCodeAt(end - 2) !== COLON))
      )
        end--
      if (hasColons(text, start, end) && !isAlphanumeric(text.charCodeAt(end)) && isIpv6(text.slice(start, end))) {
        return { from: start, to: end }
      }
      colon = Math.max(colon, end - 1)
    }
    return undefined
  },
}

function isAddressCharacter(code: number): boolean {
  return isHex(code) || code === COLON || code === DOT
}

/** Two in a row, or as many as eight groups have: settles clock times and numbers without a look at the groups. */
function hasColons(text: string, start: number, end: number): boolean {
  let colons = 0
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) !== COLON) continue
    if (text.charCodeAt(at + 1) === COLON) return true
    colons++
  }
  return colons >= 6
}

function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  let count = groups.length
  if (last?.includes('.')) {
    if (ipv4End(last, 0) !== last.length) return false
    groups.pop()
    count++
  }
  if (
    !groups.every((group) => group.length >= 1 && group.length <= 4 && [...group].every((c) => isHex(c.charCodeAt(0))))
  )
    return false
  return halves.length === 2 ? count <= 7 && count >= 1 : count === 8
}

function isWordOrDot(code: number): boolean {
  return isAlphanumeric(code) || code === DOT || code === 0x5f
}
