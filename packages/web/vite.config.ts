import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `LEXISCOPE_SERVER` is where a running `lexiscope serve` answers while the page is developed with `vite`. */
const server = process.env["LEXISCOPE_SERVER"] ?? "http://127.0.0.1:4873";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2023", assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false, chunkSizeWarningLimit: 400 },
  server: { host: "127.0.0.1", proxy: { "/api": server, "/v1": server } },
});
