import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { openBar } from "./open-bar.ts";
import { preloadParts } from "./preload-parts.ts";

/** `LEXISCOPE_SERVER` is where a running `lexiscope serve` answers while the page is developed with `vite`. */
const server = process.env["LEXISCOPE_SERVER"] ?? "http://127.0.0.1:4873";

export default defineConfig({
  plugins: [react(), openBar(), preloadParts()],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 400,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What the entry runs at once; the rest comes after it (`src/main.ts`).
            {
              name: "first",
              test: /state[\\/](theme|stored)\.ts$|vite[\\/]preload-helper/,
              priority: 3,
              includeDependenciesRecursively: false,
            },
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/, priority: 2 },
            // What every screen stands on and what several of them use, with all that it imports: a browser pays more
            // for each small file than for its bytes.
            { name: "page", test: /src[\\/](root\.tsx$|(api|parts|state)[\\/])|packages[\\/]contract[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
  server: { host: "127.0.0.1", proxy: { "/api": server, "/v1": server } },
});
