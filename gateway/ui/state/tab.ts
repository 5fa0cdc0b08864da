import { type ShownState, STATE_LOOKS } from '../../pages/state-looks.js';

/** Shows a state in the tab: the title, and the icon in the state's shape and colour; without one, the page's own. */
export function showInTab(title: string, state?: ShownState): void {
  if (document.title !== title) document.title = title;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const href = state === undefined ? '/webui/icon.svg' : iconAddress(state);
  if (icon !== null && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
}

/** Readable on light and dark tabs alike: the shape in white on its colour. */
function iconAddress(state: ShownState): string {
  const { colour, shape } = STATE_LOOKS[state];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-3 -3 22 22"><rect x="-3" y="-3" width="22" height="22" rx="5" fill="${colour}"/><path d="${shape}" fill="#fff" fill-rule="evenodd"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
