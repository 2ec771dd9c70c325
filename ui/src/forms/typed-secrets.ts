/** Secrets that were typed do not go into the tab's storage, where whoever sits there later could read them. Pure. */
import { branchOf, type Control, isObject } from '#ui/forms/schema.ts'

/** The value without them. References to secrets, and what is stored already, are none. */
export function withoutTypedSecrets(control: Control, value: unknown): unknown {
  switch (control.kind) {
    case 'secret':
      return isTyped(value) ? '' : value
    case 'list':
      return Array.isArray(value) ? value.map((item) => withoutTypedSecrets(control.item, item)) : value
    case 'map':
      return isObject(value) ? mapped(value, () => control.item) : value
    case 'group':
      return isObject(value)
        ? mapped(value, (key) => control.entries.find((entry) => entry.key === key)?.control)
        : value
    case 'choice': {
      const branch = control.branches[branchOf(control.branches, value)]
      return branch === undefined ? value : withoutTypedSecrets(branch.control, value)
    }
    default:
      return value
  }
}

function mapped(value: Record<string, unknown>, controlOf: (key: string) => Control | undefined) {
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => {
      const control = controlOf(key)
      return [key, control === undefined ? part : withoutTypedSecrets(control, part)]
    }),
  )
}

function isTyped(value: unknown): boolean {
  return typeof value === 'string' && value !== '[redacted]' && !/^\$\{\w+:[^}]+\}$/.test(value)
}
