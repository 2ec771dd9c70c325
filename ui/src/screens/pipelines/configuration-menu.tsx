/** What can be done with configurations as a whole: a new one, into a file, from a file. */
import { useNavigate } from '@tanstack/react-router'
import { Download, FilePlus2, Settings2, Upload } from 'lucide-react'
import { useState } from 'react'
import { urlOf } from '#ui/api/client.ts'
import { pathOf, useCan } from '#ui/api/queries.ts'
import { NewConfiguration } from '#ui/forms/new-configuration.tsx'
import { Button } from '#ui/kit/button.tsx'
import { Menu, type MenuItem } from '#ui/kit/menu.tsx'
import { ImportDocument } from './import-document.tsx'

export function ConfigurationMenu({ configuration }: { configuration: string }) {
  const navigate = useNavigate()
  const canEdit = useCan('edit')
  const [open, setOpen] = useState<'new' | 'import'>()
  const close = () => setOpen(undefined)
  const items: MenuItem[] = [
    { label: 'Add a configuration', icon: FilePlus2, disabled: !canEdit, run: () => setOpen('new') },
    { label: 'Import a document', icon: Upload, disabled: !canEdit, run: () => setOpen('import') },
    { label: 'Export the draft', icon: Download, run: () => download(configuration, 'draft') },
    { label: 'Export what is live', icon: Download, run: () => download(configuration, 'live') },
  ]
  return (
    <>
      <Menu trigger={<Button icon={Settings2}>Configuration</Button>} items={items} />
      {open === 'new' && (
        <NewConfiguration
          onClose={close}
          onAdded={(name) => {
            close()
            void navigate({ to: '/pipelines', search: (search) => ({ ...search, configuration: name }) })
          }}
        />
      )}
      <ImportDocument open={open === 'import'} onClose={close} configuration={configuration} />
    </>
  )
}

function download(configuration: string, content: 'draft' | 'live'): void {
  const link = document.createElement('a')
  link.href = urlOf(`${pathOf(configuration)}/export`, { content })
  link.download = `${configuration}-${content}.json`
  link.click()
}
