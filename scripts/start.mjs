#!/usr/bin/env node
// `npm start`: sets up what is missing, then runs `lexiscope start`.
import { ensureNode } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { setup } = await import("./steps.mjs");
const took = await setup();
process.env.LEXISCOPE_SETUP_SECONDS = JSON.stringify(took);
const { main } = await import("../packages/cli/src/main.ts");
await main(["start", ...process.argv.slice(2)]);
