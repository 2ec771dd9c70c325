import { Page } from '#ui/kit/page.tsx'

export function Rules() {
  return <Page title="Rules">{null}</Page>
}
