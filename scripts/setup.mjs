#!/usr/bin/env node
// Installs the npm packages and builds the native core, if that is still to be done.
import { ensureNode } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { setup } = await import("./steps.mjs");
const took = await setup();
if (took.packages + took.native + took.page === 0) console.error("Everything is set up.");
