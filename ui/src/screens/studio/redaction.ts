/** What a selected text looks like, and how a rule would redact its like. */
import { escaped } from '#ui/screens/studio/generalise.ts'

export interface Redaction {
  label: string
  /** For the id of the rule. It never tells of what is redacted. */
  name: string
  params: Record<string, unknown>
}

/** The most telling first; the text itself always comes last. */
export function redactionsFor(selection: string): Redaction[] {
  const text = selection.trim()
  const found: Redaction[] = []
  for (const { is, label, name, params } of shapes)
    if (is(text)) found.push({ label, name: name(text), params: params(text) })
  return [
    ...found.slice(0, SHAPES_MAX),
    { label: 'This text exactly', name: 'text', params: { pattern: escaped(text) } },
  ]
}

const SHAPES_MAX = 2

interface Shape {
  label: string
  name: (text: string) => string
  is: (text: string) => boolean
  params: (text: string) => Record<string, unknown>
}

const UUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'

const shapes: readonly Shape[] = [
  builtin('E-mail addresses', 'email', /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/),
  builtin('IPv4 addresses', 'ipv4', /^(?:\d{1,3}\.){3}\d{1,3}$/),
  builtin('IPv6 addresses', 'ipv6', /^(?=.*:.*:)[0-9a-fA-F:]{3,39}$/),
  { ...builtin('Card numbers', 'credit_card', /^\d(?:[ -]?\d){12,18}$/), is: isCard },
  builtin('US social security numbers', 'ssn', /^\d{3}-\d{2}-\d{4}$/),
  builtin('JSON web tokens', 'jwt', /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/),
  builtin('AWS access keys', 'aws_key', /^(?:AKIA|ASIA)[A-Z0-9]{16}$/),
  builtin('IBANs', 'iban', /^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?$/),
  {
    label: 'UUIDs',
    name: () => 'uuid',
    is: (text) => new RegExp(`^${UUID}$`).test(text),
    params: () => ({ pattern: UUID }),
  },
  {
    label: 'Numbers of as many digits',
    name: () => 'number',
    is: (text) => /^\d+$/.test(text),
    params: (text) => ({ pattern: String.raw`\b\d{${text.length}}\b` }),
  },
  {
    label: 'Hexadecimal ids of this length',
    name: () => 'hex_id',
    is: (text) => /^(?=.*\d)(?=.*[a-fA-F])[0-9a-fA-F]{6,}$/.test(text),
    params: (text) => ({ pattern: String.raw`\b[0-9a-fA-F]{${text.length}}\b` }),
  },
  {
    label: 'What follows this name',
    name: (text) => NAMED.exec(text)?.[1] ?? 'value',
    is: (text) => NAMED.test(text),
    params: (text) => {
      const [, name = '', sign = ''] = NAMED.exec(text) ?? []
      const value = sign.includes('"') ? '[^"]*' : String.raw`[^\s,;&"]+`
      return { pattern: `(${escaped(name + sign)})${value}`, replacement: '$1[redacted]' }
    },
  },
]

/** `token=abc`, `user: ann`, `"password":"x` */
const NAMED = /^("?[A-Za-z_][\w.-]*"?)(\s*[=:]\s*"?)\S.*$/

function builtin(label: string, name: string, shape: RegExp): Shape {
  return { label, name: () => name, is: (text) => shape.test(text), params: () => ({ builtin: name }) }
}

/** Luhn's check, as the engine's detector makes it. */
function isCard(text: string): boolean {
  if (!/^\d(?:[ -]?\d){12,18}$/.test(text)) return false
  const digits = [...text.replace(/\D/g, '')].toReversed().map(Number)
  const sum = digits.reduce((total, digit, place) => {
    const doubled = place % 2 === 1 ? digit * 2 : digit
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}
