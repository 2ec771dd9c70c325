export function Setup() {
  return <h1>Set your password</h1>
}
