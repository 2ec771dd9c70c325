/**
 * The catalogue of errors that a user can meet at start, at a reload or in the API. In the data plane nothing is thrown:
 * outcomes are values there.
 */
export const errorCodes = {
  SG_CONFIG_READ: 'The configuration file cannot be read.',
  SG_CONFIG_SYNTAX: 'The configuration is not well-formed YAML or JSON.',
  SG_CONFIG_INVALID: 'The configuration has a value that is not allowed.',
  SG_CONFIG_UNKNOWN_KEY: 'The configuration has a key that is not known.',
  SG_CONFIG_UNKNOWN_TYPE: 'The configuration names a component that does not exist.',
  SG_CONFIG_DUPLICATE_ID: 'Two entries of the configuration have the same id.',
  SG_CONFIG_REFERENCE: 'The configuration refers to something that is not there.',
  SG_CONFIG_SIGNAL: 'The configuration puts a component into a pipeline that carries another signal.',
  SG_PATTERN_SYNTAX: 'A pattern is not a valid regular expression.',
  SG_PATTERN_UNSAFE: 'A pattern cannot be matched in linear time.',
  SG_LISTEN: 'A listener cannot be opened.',
  SG_START: 'A part cannot be started.',
  SG_RELOAD: 'A new configuration could not be put to work; the old one keeps running.',
  SG_TAP: 'Records cannot be shown as asked.',
  SG_REPLAY: 'Rules could not be tried on records.',
  SG_STORE: 'The data directory cannot be used.',
  SG_USAGE: 'The command line is not understood.',
} as const

export type ErrorCode = keyof typeof errorCodes

/** Says what happened, where, and what to do. `path` names the place in the configuration, such as `pipelines/0/processors/1/params/pattern`. */
export class StreamgateError extends Error {
  override name = 'StreamgateError'
  readonly code: ErrorCode
  readonly path: string | undefined
  constructor(code: ErrorCode, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.path = options.path
  }
}
