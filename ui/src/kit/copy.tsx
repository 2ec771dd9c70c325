/** Something to copy: a command, a key. */
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '#ui/kit/button.tsx'
import { cx } from '#ui/kit/cx.ts'

const CONFIRMED_MS = 2000

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await writeClipboard(text)
    setCopied(true)
    setTimeout(() => setCopied(false), CONFIRMED_MS)
  }
  return (
    <>
      <IconButton
        data-copies
        label={copied ? 'Copied' : label}
        icon={copied ? Check : Copy}
        onClick={() => void copy()}
      />
      <span aria-live="polite" className="sr-only">
        {copied ? 'Copied' : ''}
      </span>
    </>
  )
}

/** A command line in a box, to copy whole. `wrap`: all of it is in sight, for what is one long word. */
export function Command({ text, label = 'Command', wrap = false }: { text: string; label?: string; wrap?: boolean }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-raised p-2 text-left">
      {/* What scrolls must be reachable without a pointer. */}
      <pre
        className={cx('min-w-0 flex-1 overflow-x-auto py-1 font-mono text-xs', wrap && 'break-all whitespace-pre-wrap')}
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        {text}
      </pre>
      <CopyButton text={text} />
    </div>
  )
}

/** `navigator.clipboard` is there only on secure pages; a selection can be copied everywhere. */
async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
