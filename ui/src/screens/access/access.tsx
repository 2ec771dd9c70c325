import { Page } from '#ui/kit/page.tsx'

export function Access() {
  return <Page title="Access">{null}</Page>
}
