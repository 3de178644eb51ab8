import { pino } from "pino";
import { ModelPool } from "../pool.ts";

/** A process with a pool, to be killed by a test: opens the model `tiny` and says its worker's pid. */
const pool = new ModelPool({ logger: pino({ level: "silent" }), offline: true });
await pool.open("tiny", new AbortController().signal);
process.send?.({ worker: pool.pids().get("tiny") });
