/** A small curve beside a figure that says the same: hidden from readers. */
export function Sparkline({
  values,
  color = 'var(--delivered)',
  width = 96,
  height = 24,
}: {
  values: readonly number[]
  color?: string
  width?: number
  height?: number
}) {
  if (values.length < 2) return <svg aria-hidden="true" width={width} height={height} />
  const most = Math.max(...values, 1e-9)
  const step = width / (values.length - 1)
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`,
  )
  return (
    <svg aria-hidden="true" width={width} height={height} className="block">
      <polyline points={points.join(' ')} fill="none" stroke={color} strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  )
}
