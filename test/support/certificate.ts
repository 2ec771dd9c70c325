/** Certificates for tests that speak TLS, made when they are needed, so that none lies about and none expires. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class Certificate implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'streamgate-test-tls-'))
  readonly certFile = join(this.#folder, 'cert.pem')
  readonly keyFile = join(this.#folder, 'key.pem')

  /** Signed by itself, for `localhost`. Needs openssl. */
  constructor() {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', this.keyFile]
    execFileSync('openssl', ['req', '-x509', ...key, '-out', this.certFile, '-days', '1', ...subject], {
      stdio: 'pipe',
    })
  }

  get cert(): string {
    return readFileSync(this.certFile, 'utf8')
  }

  get key(): string {
    return readFileSync(this.keyFile, 'utf8')
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
