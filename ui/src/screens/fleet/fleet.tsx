import { Page } from '#ui/kit/page.tsx'

export function Fleet() {
  return <Page title="Fleet">{null}</Page>
}
