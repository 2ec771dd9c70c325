/** What each role may, from the table that the controller decides by; and the same for one user or key, to choose from. */
import { Check, Minus } from 'lucide-react'
import { useId } from 'react'
import { permissions, type Role, rolePermissions, roles } from '#contract/permissions.ts'
import { Badge } from '#ui/kit/badge.tsx'
import { Card } from '#ui/kit/card.tsx'
import { SelectField } from '#ui/kit/field.tsx'
import { type Grant, grantsBeside, rightsOf } from '#ui/screens/access/rights.ts'
import { permissionWords, roleWords } from '#ui/words/permissions.ts'

export function RoleMatrix() {
  return (
    <Card
      title="What each role may"
      hint="Granted one by one, to whatever role: publish and tap:raw. Everything stays within the organisation."
      flush
    >
      <div className="relative overflow-x-auto pb-2" tabIndex={0} role="region" aria-label="What each role may">
        <table className="w-full min-w-[38rem] text-sm">
          <thead>
            <tr className="border-b border-line text-left text-xs text-muted">
              <th scope="col" className="px-4 py-2 font-medium">
                Permission
              </th>
              {roles.map((role) => (
                <th key={role} scope="col" className="w-28 px-2 py-2 text-center font-medium">
                  <span className="block text-sm text-ink">{role}</span>
                  <span className="font-normal">{roleWords[role]}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {permissions.map((permission) => (
              <tr key={permission} className="border-b border-line last:border-0">
                <th scope="row" className="px-4 py-2 text-left font-normal">
                  <code className="font-mono font-medium">{permission}</code>
                  <span className="block text-xs text-muted">{permissionWords[permission]}</span>
                </th>
                {roles.map((role) => (
                  <td key={role} className="px-2 py-2 text-center">
                    <Mark role={role} has={rolePermissions[role].includes(permission)} permission={permission} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

function Mark({
  role,
  permission,
  has,
}: {
  role: Role
  permission: Grant | (typeof permissions)[number]
  has: boolean
}) {
  if (has)
    return (
      <span>
        <Check aria-hidden className="inline size-4 text-ok" />
        <span className="sr-only">yes</span>
      </span>
    )
  if (rightsOf(role, []).find((right) => right.permission === permission)?.mayBeGranted === true)
    return (
      <Badge tone="neutral" icon={null}>
        if granted
      </Badge>
    )
  return (
    <span>
      <Minus aria-hidden className="inline size-4 text-muted" />
      <span className="sr-only">no</span>
    </span>
  )
}

/** A role, and boxes for what it brings and what is granted beside it. */
export function RightsField({
  role,
  grants,
  onChange,
  offered = roles,
  mayGrant = () => true,
  disabled = false,
}: {
  role: Role
  grants: readonly Grant[]
  onChange: (next: { role: Role; grants: Grant[] }) => void
  /** The roles to choose from. */
  offered?: readonly Role[]
  mayGrant?: (grant: Grant) => boolean
  disabled?: boolean
}) {
  const id = useId()
  return (
    <div className="flex flex-col gap-3">
      <SelectField
        label="Role"
        value={role}
        disabled={disabled}
        options={offered.map((name) => ({ value: name, label: `${name} – ${roleWords[name]}` }))}
        onChange={(event) => {
          const next = event.target.value as Role
          onChange({ role: next, grants: grantsBeside(next, grants) })
        }}
      />
      <fieldset className="rounded-md border border-line">
        <legend className="mx-2 px-1 text-sm font-medium">May</legend>
        <ul className="grid gap-x-4 px-3 pb-2 sm:grid-cols-2">
          {rightsOf(role, grants).map(({ permission, words, by, mayBeGranted }) => {
            const isFixed = disabled || !mayBeGranted || !mayGrant(permission as Grant)
            return (
              <li key={permission} className="flex items-start gap-2 py-1.5">
                <input
                  type="checkbox"
                  id={`${id}-${permission}`}
                  aria-describedby={`${id}-${permission}-note`}
                  className="mt-0.5 size-4 min-h-4 min-w-4 accent-accent"
                  checked={by !== undefined}
                  disabled={isFixed}
                  onChange={(event) => {
                    const rest = grants.filter((one) => one !== permission)
                    onChange({ role, grants: event.target.checked ? [...rest, permission as Grant] : rest })
                  }}
                />
                <div className="min-w-0">
                  <label htmlFor={`${id}-${permission}`} className="font-mono text-sm font-medium">
                    {permission}
                  </label>
                  <p id={`${id}-${permission}-note`} className="text-xs text-muted">
                    {words}
                    {by === 'role' ? ' · by the role' : mayBeGranted ? ' · can be granted' : ' · not with this role'}
                  </p>
                </div>
              </li>
            )
          })}
        </ul>
      </fieldset>
    </div>
  )
}
