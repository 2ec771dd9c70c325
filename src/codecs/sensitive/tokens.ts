/** Credentials that can be told by their form: JSON Web Tokens (RFC 7519) and access key ids of AWS. */
import { type Detector, isAlphanumeric, isDigit, isUpper, runEnd } from './detector.ts'

const DOT = 0x2e

/** Base64url of `{"`: every JWT header begins so. */
const JWT_START = 'eyJ'

export const jwt: Detector = {
  next(text, from) {
    for (let start = text.indexOf(JWT_START, from); start !== -1; start = text.indexOf(JWT_START, start + 1)) {
      if (isBase64Url(text.charCodeAt(start - 1))) continue
      const header = runEnd(text, start, isBase64Url)
      if (text.charCodeAt(header) !== DOT) continue
      const payload = runEnd(text, header + 1, isBase64Url)
      if (payload === header + 1 || text.charCodeAt(payload) !== DOT) continue
      // An unsecured token has an empty signature (RFC 7519, section 6).
      return { from: start, to: runEnd(text, payload + 1, isBase64Url) }
    }
    return undefined
  },
}

function isBase64Url(code: number): boolean {
  return isAlphanumeric(code) || code === 0x2d || code === 0x5f
}

const AWS_KEY_LENGTH = 20
/** Long-term and temporary keys of users and roles (IAM user guide, unique identifiers). */
const AWS_PREFIXES = ['AKIA', 'ASIA', 'AROA', 'AIDA', 'ABIA', 'ACCA']

export const awsKey: Detector = {
  next(text, from) {
    for (let start = text.indexOf('A', from); start !== -1; start = text.indexOf('A', start + 1)) {
      if (!AWS_PREFIXES.some((prefix) => text.startsWith(prefix, start)) || isAlphanumeric(text.charCodeAt(start - 1)))
        continue
      const end = runEnd(text, start, (code) => isUpper(code) || isDigit(code))
      if (end - start === AWS_KEY_LENGTH && !isAlphanumeric(text.charCodeAt(end))) return { from: start, to: end }
    }
    return undefined
  },
}
