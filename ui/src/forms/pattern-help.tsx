/** How patterns are written, where one writes them. */
export function PatternHelp() {
  return (
    <details className="text-xs text-muted">
      <summary className="min-h-6 w-fit cursor-pointer">How patterns are written</summary>
      <dl className="grid grid-cols-[max-content_1fr] gap-x-3 gap-y-1 pt-1 pb-2">
        {examples.map(([pattern, words]) => (
          <div key={pattern} className="contents">
            <dt>
              <code className="font-mono text-ink">{pattern}</code>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <p>
        As in Go, and in JavaScript as far as it can be matched in linear time. What cannot, such as look-around{' '}
        <code className="font-mono">(?=…)</code> and back-references <code className="font-mono">\1</code>, is refused.
      </p>
    </details>
  )
}

const examples = [
  [
    'GET /healthz',
    'this text, anywhere in the record; . * + ? ( ) [ ] { } | ^ $ \\ have a \\ before them to mean themselves',
  ],
  ['^DEBUG|^TRACE', 'DEBUG or TRACE at the beginning; $ is the end'],
  [String.raw`user=\d+`, String.raw`user= and digits; \w is a letter, digit or _, \s is space`],
  [String.raw`token=[^\s"]+`, 'token= and all up to a space or a quote'],
  [String.raw`\b\d{3}-\d{2}-\d{4}\b`, String.raw`so many digits each; \b is the edge of a word`],
  ['(?i)timeout', 'small and large letters alike'],
] as const
