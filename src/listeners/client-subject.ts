/** Who a client's certificate says that it is. */
import type { Duplex } from 'node:stream'
import { type PeerCertificate, TLSSocket } from 'node:tls'

/**
 * Such as `O=Example,CN=agent`; undefined on a plain connection, without a certificate, and with one that is not
 * verified.
 */
export function clientSubjectOf(socket: Duplex): string | undefined {
  return socket instanceof TLSSocket && socket.authorized ? subjectText(socket.getPeerCertificate()) : undefined
}

/** As RFC 4514 would, short of its escapes: it is for logs and for comparing. */
function subjectText(certificate: PeerCertificate | null): string | undefined {
  // Of a socket that has gone there is none.
  const subject = certificate?.subject
  if (subject === undefined) return undefined
  return Object.entries(subject)
    .flatMap(([name, value]) => [value].flat().map((each) => `${name}=${each}`))
    .join(',')
}
