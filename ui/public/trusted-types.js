// Under the page's policy, text becomes HTML, and an address becomes a script, only as is said here: without elements, and from the
// dashboard's own folder. Libraries set texts of <style> elements and start workers; nothing needs more.
window.trustedTypes?.createPolicy('default', {
  createHTML: (text) => (text.includes('<') ? null : text),
  createScriptURL: (address) =>
    new URL(address, location.href).href.startsWith(`${location.origin}/ui/assets/`) ? address : null,
})
