/** Vite takes style sheets out of modules and links them in the page. */
declare module '*.css';
