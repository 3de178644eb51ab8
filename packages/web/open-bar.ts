import type { Plugin } from "vite";
import { screens } from "./src/shell/screens.ts";

/**
 * Writes the page's bar into the HTML as `shell.tsx` begins it: it stands there, and its fonts are loaded, before the
 * page's code is. The first render takes its place.
 */
export function openBar(): Plugin {
  const links = screens.map(({ path, name }) => `<a href="${path}">${name}</a>`).join("");
  const bar = `<header class="bar"><a class="brand" href="/">Lexiscope</a><nav aria-label="Screens">${links}</nav></header>`;
  return {
    name: "open-bar",
    transformIndexHtml: { order: "pre", handler: (html) => html.replace('<div id="root"></div>', `<div id="root">${bar}</div>`) },
  };
}
