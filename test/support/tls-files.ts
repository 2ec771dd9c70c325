/** The certificates for tests as files, which end with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as pem from './certificates.ts'

export interface TlsFiles {
  cert_file: string
  key_file: string
  client_ca_file: string
}

export function tlsFiles(t: { after(f: () => void): void }): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'streamgate-test-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return {
    cert_file: write('server.pem', pem.serverCertificate),
    key_file: write('server.key', pem.serverKey),
    client_ca_file: write('ca.pem', pem.authority),
  }
}
