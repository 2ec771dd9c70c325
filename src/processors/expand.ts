/**
 * A replacement with groups in it, filled in as Go's Regexp.Expand does: `$1`, `$name`, `${1}`, `${name}`, `$$`. A name without
 * braces goes as far as letters, digits and underscores do: `$1x` is the group `1x`, which is none. What is no group is empty.
 */
export function expand(template: string, match: RegExpExecArray): string {
  return template.replace(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_whole, dollar, plain, braced) => {
    if (dollar !== undefined) return '$'
    const name = String(plain ?? braced)
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? ''
  })
}
