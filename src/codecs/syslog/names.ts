/** What the numbers in a priority stand for: facility × 8 + severity (RFC 5424, section 6.2.1). */

/** In the order of their numbers (RFC 5424, table 1). */
export const facilities = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...['ntp', 'audit', 'alert', 'clock'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const

/** In the order of their numbers (RFC 5424, table 2), by the names that syslog programs use. */
export const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const

/** The same as loggers call them, and as rules ask for them. */
export const levels = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'] as const

export const PRIORITY_MAX = 191
