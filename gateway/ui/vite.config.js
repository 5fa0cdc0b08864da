import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { frameHtml } from './frame/frame-html.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Puts what all pages have around their own part, so that it is there before any script runs. */
const frame = {
  name: 'frame',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) => frameHtml(html, readFileSync(`${here}frame/frame.html`, 'utf8')),
  },
};

/** @type {import('vite').UserConfig} */
// biome-ignore lint/style/noDefaultExport: Vite reads the default export.
export default {
  root: here,
  base: '/webui/',
  plugins: [frame],
  build: {
    outDir: '../../dist/gateway/ui',
    emptyOutDir: true,
    target: 'es2022',
    // Data addresses in style sheets would not be cached on their own, and the pages are small anyway.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // A slow machine is no news.
      checks: { pluginTimings: false },
      input: ['index', 'builds', 'build', 'error'].map((page) => `${here}${page}.html`),
    },
  },
};
