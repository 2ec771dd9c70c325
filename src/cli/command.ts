/** What a command is. Each has a file of its own; `commands.ts` lists them. */
export interface Command {
  name: string
  summary: string
  /** What stands behind the name on the command line. */
  usage: string
  positionals: { min: number; max: number }
  options: Record<string, OptionSpec>
  examples: readonly string[]
  run(flags: Record<string, string | boolean | undefined>, positionals: string[]): Promise<number>
}

export interface OptionSpec {
  type: 'string' | 'boolean'
  /** A letter that stands for it. */
  short?: string
  /** What the value is called in the help. */
  value?: string
  about: string
}

export const configOption = {
  config: { type: 'string', value: 'FILE', about: 'Configuration file; without it the built-in one runs.' },
} as const

export const logOption = {
  'log-level': { type: 'string', value: 'LEVEL', about: 'debug, info, warn, error or silent. Environment: LOG_LEVEL.' },
} as const

export const redisOption = {
  'redis-url': {
    type: 'string',
    value: 'URL',
    about: 'Redis for publishing. Environment: REDIS_URL, or REDIS_HOST and REDIS_PORT.',
  },
} as const

export const controlOptions = {
  'control-port': { type: 'string', value: 'PORT', about: "The controller's API (8000). Environment: CONTROL_PORT." },
} as const

export const opampOptions = {
  'opamp-port': { type: 'string', value: 'PORT', about: 'OpAMP for gateways (4320). Environment: OPAMP_PORT.' },
} as const

export const gatewayOptions = {
  'opamp-endpoint': {
    type: 'string',
    value: 'URL',
    about:
      'OpAMP server that configures this node, such as ws://controller:4320/v1/opamp. Environment: OPAMP_ENDPOINT.',
  },
} as const

export const nodeOptions = {
  'tcp-port': { type: 'string', value: 'PORT', about: 'Lines over TCP (8081). Environment: TCP_PORT.' },
  'udp-port': { type: 'string', value: 'PORT', about: 'Datagrams (8082). Environment: UDP_PORT.' },
  'http-port': { type: 'string', value: 'PORT', about: 'Bodies over HTTP (8080). Environment: HTTP_PORT.' },
  'admin-port': { type: 'string', value: 'PORT', about: 'Metrics and health (8083). Environment: ADMIN_PORT.' },
  'node-id': { type: 'string', value: 'ID', about: 'How the node calls itself (the host name). Environment: NODE_ID.' },
} as const

export const dataOption = {
  'data-dir': { type: 'string', value: 'DIR', about: 'Where state is kept (.streamgate). Environment: DATA_DIR.' },
} as const
