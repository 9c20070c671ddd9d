// Drawn as SVG, because not every machine has an emoji font.
import { trusted } from './html.ts';

const svg = (inside: string) =>
  trusted(
    `<svg class="drawn-icon" aria-hidden="true" width="14" height="14" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${inside}</svg>`,
  );

export const lockIcon = svg(
  '<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>',
);
export const eyeIcon = svg(
  '<path d="M1 8s2.500-4.500 7-4.500S15 8 15 8s-2.500 4.500-7 4.500S1 8 1 8Z"/><circle cx="8" cy="8" r="2"/>',
);
export const replyIcon = svg('<path d="M2 3h12v8H7l-3 3v-3H2Z"/>');
export const moreIcon = svg('<path d="M8 3v.01M8 8v.01M8 13v.01" stroke-width="2.6"/>');
export const imageIcon = svg(
  '<rect x="2" y="3" width="12" height="10" rx="1"/><path d="m3 12 4-4 3 3 2-2 2 2"/>',
);
