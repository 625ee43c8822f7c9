/** Whether a key press is meant as this one-letter shortcut: nobody is typing or choosing, nothing lies on top. */
export function shortcut(event: KeyboardEvent, letter: string): boolean {
  if (event.key.toLowerCase() !== letter || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false
  const at = event.target
  if (at instanceof Element && at.closest('input, textarea, select, [contenteditable], [role=combobox], [role=listbox]')) return false
  return document.querySelector('dialog[open]') === null
}
