export function OutputScreen() {
  return null
}
