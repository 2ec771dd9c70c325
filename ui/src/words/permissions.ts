/** Permissions and roles in words. */
import type { Permission, Role } from '#contract/permissions.ts'

export const permissionWords: Record<Permission, string> = {
  self: 'One’s own name, password, second factor, sessions and keys',
  read: 'Look at everything but records and secrets',
  tap: 'Look at records, redacted',
  'tap:raw': 'Look at records as they came',
  edit: 'Change drafts, prices and alerts',
  publish: 'Put a version to work, and roll back',
  operate: 'Restart gateways, retry, replay',
  admin: 'Users, keys, secrets, settings',
}

export const roleWords: Record<Role, string> = {
  viewer: 'looks',
  operator: 'keeps it running',
  editor: 'changes drafts',
  owner: 'may do everything',
}
