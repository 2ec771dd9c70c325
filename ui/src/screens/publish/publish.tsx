import { Page } from '#ui/kit/page.tsx'

export function Publish() {
  return <Page title="Publish">{null}</Page>
}
