import type { HtmlTagDescriptor, Plugin, Rolldown } from "vite";

/**
 * The entry runs the page's parts one after another (`src/main.ts`), so that none of them is a long task; this has the
 * browser fetch them all at once, and their styles before the first picture. The entry comes before it, too: it knows the colours.
 */
export function preloadParts(): Plugin {
  return {
    name: "preload-parts",
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle = {} }) => {
        const chunkOf = (file: string): Rolldown.OutputChunk | undefined => {
          const found = bundle[file];
          return found?.type === "chunk" ? found : undefined;
        };
        const entry = Object.values(bundle).find((file) => file.type === "chunk" && file.isEntry);
        if (entry?.type !== "chunk") return [];
        const reach = (file: string, seen: Set<string>): Set<string> => {
          if (seen.has(file)) return seen;
          seen.add(file);
          for (const other of chunkOf(file)?.imports ?? []) reach(other, seen);
          return seen;
        };
        const there = reach(entry.fileName, new Set());
        const parts = entry.dynamicImports.reduce((seen, file) => reach(file, seen), new Set<string>()).difference(there);
        const styles = [...parts].flatMap((file) => [...(chunkOf(file)?.viteMetadata?.importedCss ?? [])]);
        const tags = [
          ...[...parts].map((file): HtmlTagDescriptor => link("modulepreload", file)),
          ...styles.map((file): HtmlTagDescriptor => link("stylesheet", file)),
        ];
        return { html: html.replace('<script type="module"', '<script type="module" blocking="render"'), tags };
      },
    },
  };
}

function link(rel: string, file: string): HtmlTagDescriptor {
  return { tag: "link", attrs: { rel, crossorigin: true, href: `/${file}` }, injectTo: "head" };
}
