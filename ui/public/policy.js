// What libraries have to know of the page's policy, before any of them runs.

// Text becomes HTML, and an address becomes a script, only as is said here: without elements, and from the dashboard's own folder.
// Libraries set texts of <style> elements and start workers; nothing needs more.
window.trustedTypes?.createPolicy('default', {
  createHTML: (text) => (text.includes('<') ? null : text),
  createScriptURL: (address) =>
    new URL(address, location.href).href.startsWith(`${location.origin}/ui/assets/`) ? address : null,
})

// Under this name libraries look for the nonce of <style> elements that they make (get-nonce, for what locks scrolling).
window.__webpack_nonce__ = document.querySelector('meta[property="csp-nonce"]').nonce
