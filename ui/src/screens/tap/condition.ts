/** A condition as somebody types it: JSON, as rules have it. The gateways say whether it means something. */
export function conditionProblem(text: string): string | undefined {
  if (text.trim() === '') return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined
    return 'must be an object, such as {"field": "service", "equals": "checkout"}'
  } catch (error) {
    return `is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
}
