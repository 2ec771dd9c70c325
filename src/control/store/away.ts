/** Whether an error says that the database does not answer. It may do so again in a moment: nothing is wrong with what was asked. */

/** Of sockets, and of PostgreSQL ("Appendix A. Error Codes"): shut down, crashed, starting up, too many connections. */
const CODES =
  /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08...|57P0[1-3]|53300)$/
/** What the client says without a code. */
const TEXTS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

export function isStoreAway(error: unknown): boolean {
  const { code, message, cause, errors } = Object(error) as {
    code?: unknown
    message?: unknown
    cause?: unknown
    errors?: unknown
  }
  if (typeof code === 'string' && CODES.test(code)) return true
  if (typeof message === 'string' && TEXTS.test(message)) return true
  // A name with several addresses gives an error for each.
  if (Array.isArray(errors)) return errors.some(isStoreAway)
  return cause !== undefined && cause !== error && isStoreAway(cause)
}
