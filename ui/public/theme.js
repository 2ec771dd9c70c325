// Runs before the first paint, so that the page never flashes in the other theme.
try {
  const chosen = localStorage.getItem('streamgate.theme')
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
} catch {
  // Storage may be off; then the page is light.
}
