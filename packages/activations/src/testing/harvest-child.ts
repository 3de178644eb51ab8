/** Run by tests: `harvest-child MODEL OUT KILL_AT` harvests and kills itself with SIGKILL after KILL_AT tokens. */
import { openModel } from "@lexiscope/model";
import { harvest } from "../harvest.ts";
import { harvestForTests } from "./harvest-options.ts";

const [model = "", out = "", killAt = "Infinity"] = process.argv.slice(2);
const work = harvest(harvestForTests(await openModel(model), out));
for (;;) {
  const step = await work.next();
  if (step.done) break;
  if (step.value.phase === "harvest" && step.value.done >= Number(killAt)) process.kill(process.pid, "SIGKILL");
}
