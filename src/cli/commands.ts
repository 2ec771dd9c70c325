import type { Command } from './command.ts'

/** Loaded when asked for: a node need not carry what only a controller uses. */
export const commands: Record<string, () => Promise<Command>> = {
  up: async () => (await import('./up.ts')).up,
  node: async () => (await import('./node.ts')).node,
  controller: async () => (await import('./controller.ts')).controller,
  validate: async () => (await import('./validate.ts')).validate,
  explain: async () => (await import('./explain.ts')).explain,
  test: async () => (await import('./test.ts')).test,
  top: async () => (await import('./top.ts')).top,
  tap: async () => (await import('./tap.ts')).tap,
  export: async () => (await import('./export.ts')).exportCommand,
  plan: async () => (await import('./plan.ts')).plan,
  apply: async () => (await import('./apply.ts')).apply,
  diff: async () => (await import('./diff.ts')).diff,
  receipt: async () => (await import('./receipt.ts')).receipt,
  publish: async () => (await import('./publish.ts')).publishCommand,
  versions: async () => (await import('./versions.ts')).versions,
  rollback: async () => (await import('./rollback.ts')).rollback,
  policy: async () => (await import('./policy.ts')).policy,
  suggest: async () => (await import('./suggest.ts')).suggest,
  gateways: async () => (await import('./gateways.ts')).gateways,
  gateway: async () => (await import('./gateway.ts')).gateway,
  secret: async () => (await import('./secret.ts')).secret,
  dlq: async () => (await import('./dlq.ts')).dlq,
  dropped: async () => (await import('./dropped.ts')).dropped,
}
