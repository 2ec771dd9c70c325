import { Page } from '#ui/kit/page.tsx'

export function Tap() {
  return <Page title="Tap">{null}</Page>
}
