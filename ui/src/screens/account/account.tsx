import { Page } from '#ui/kit/page.tsx'

export function Account() {
  return <Page title="Account">{null}</Page>
}
