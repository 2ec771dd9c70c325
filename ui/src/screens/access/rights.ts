/** What roles, users and keys may, in words. */
import { grantable, type Permission, permissions, type Role, rolePermissions, roles } from '#contract/permissions.ts'
import { permissionWords } from '#ui/words/permissions.ts'

export type Grant = (typeof grantable)[number]

export interface Right {
  permission: Permission
  words: string
  /** From where: the role has it, it is granted beside it, or not at all. */
  by: 'role' | 'grant' | undefined
  /** It can be granted beside this role. */
  mayBeGranted: boolean
}

/** All permissions in order, for a role and what is granted beside it. */
export function rightsOf(role: Role, grants: readonly Permission[]): Right[] {
  return permissions.map((permission) => {
    const isOfRole = rolePermissions[role].includes(permission)
    return {
      permission,
      words: permissionWords[permission],
      by: isOfRole ? 'role' : grants.includes(permission) ? 'grant' : undefined,
      mayBeGranted: !isOfRole && isGrantable(permission),
    }
  })
}

/** The roles that somebody with these permissions may give a key, which never does more than its maker. */
export function rolesWithin(own: readonly Permission[]): Role[] {
  return roles.filter((role) => rolePermissions[role].every((permission) => own.includes(permission)))
}

/** Of the grants those that say something beside the role. */
export function grantsBeside(role: Role, grants: readonly Permission[]): Grant[] {
  return grantable.filter((one) => grants.includes(one) && !rolePermissions[role].includes(one))
}

function isGrantable(permission: Permission): permission is Grant {
  return (grantable as readonly Permission[]).includes(permission)
}
