/** Any server that takes lines over HTTP. A message is a line. */
import { http as definition } from '#outputs/http/http.ts'
import { type Vendor, type VendorAnswer, VendorFake, type VendorRequest } from './vendor-fake.ts'

class HttpFake extends VendorFake {
  protected override handle({ method, headers, body }: VendorRequest): VendorAnswer {
    if (method !== 'POST' || headers['content-type'] !== 'text/plain; charset=utf-8')
      return this.violation(`${method} of ${headers['content-type']}`, { status: 400 })
    this.stored.push(...body.toString().split('\n'))
    return { status: 200 }
  }
}

export const http: Vendor = {
  definition,
  start: () => new HttpFake().listen(),
  options: (fake) => ({ url: `${fake.url}/in` }),
}
