// Behind the launcher `./lexiscope`.
import { existsSync } from "node:fs";
import { ensureNode, fail } from "./with-node.mjs";

await ensureNode(import.meta.url);
if (!existsSync(new URL("../node_modules/@lexiscope/cli", import.meta.url)))
  fail("Lexiscope is not set up yet", "run `npm start` for the whole tour, or `npm run setup`");
const { main } = await import("../packages/cli/src/main.ts");
await main(process.argv.slice(2));
