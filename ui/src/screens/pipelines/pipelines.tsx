import { Page } from '#ui/kit/page.tsx'

export function Pipelines() {
  return <Page title="Pipelines">{null}</Page>
}
