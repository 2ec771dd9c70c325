/** Levels as loggers name and number them, on OpenTelemetry's scale of severities (logs data model, SeverityNumber). */

/** 1 trace, 5 debug, 9 info, 13 warn, 17 error, 21 fatal; finer steps between. */
export type Severity = number

const BY_NAME: Readonly<Record<string, Severity>> = {
  trace: 1,
  finest: 1,
  verbose: 2,
  finer: 3,
  debug: 5,
  fine: 5,
  dbg: 5,
  config: 7,
  info: 9,
  information: 9,
  informational: 9,
  inf: 9,
  default: 9,
  notice: 10,
  success: 10,
  warn: 13,
  warning: 13,
  wrn: 13,
  error: 17,
  err: 17,
  severe: 17,
  eror: 17,
  critical: 18,
  crit: 18,
  alert: 19,
  fatal: 21,
  ftl: 21,
  panic: 21,
  dpanic: 21,
  emergency: 22,
  emerg: 22,
}

/** The severity of a level's text, 0 when it says nothing. Numbers are Bunyan's and Pino's (10 to 60) or syslog's (0 to 7). */
export function severityOf(level: string): Severity {
  const known = BY_NAME[level.toLowerCase()]
  if (known !== undefined) return known
  if (!/^\d{1,2}$/.test(level)) return 0
  const number = Number(level)
  if (number <= 7) return SYSLOG[number]!
  return number >= 10 && number <= 60 ? (Math.floor(number / 10) - 1) * 4 + 1 : 0
}

/** By syslog severity (RFC 5424, table 2), as OpenTelemetry maps it. */
const SYSLOG: readonly Severity[] = [22, 19, 18, 17, 13, 10, 9, 5]

/** The syslog severity of ours; 6 (informational) for none. */
export function syslogSeverityOf(severity: Severity): number {
  if (severity === 0) return 6
  if (severity >= 21) return severity >= 22 ? 0 : 2
  if (severity === 19 || severity === 20) return 1
  if (severity === 18) return 2
  if (severity >= 17) return 3
  if (severity >= 13) return 4
  if (severity >= 10) return 5
  return severity >= 9 ? 6 : 7
}

/** Where OpenTelemetry's ranges of severity begin (logs data model, SeverityNumber). */
const SEVERITIES: readonly (readonly [number, string])[] = [
  [21, 'fatal'],
  [17, 'error'],
  [13, 'warn'],
  [9, 'info'],
  [5, 'debug'],
  [1, 'trace'],
  [0, 'unknown'],
]

/** Name of a severity's range; `unknown` of what says none. */
export function severityName(severity: number): string {
  return SEVERITIES.find(([from]) => severity >= from)?.[1] ?? 'unknown'
}

/** All of them, the worst first. */
export const severityNames: readonly string[] = SEVERITIES.map(([, name]) => name)
