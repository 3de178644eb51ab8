/** Run by tests: `train-child MODEL STORE OUT KILL_AT [relu]` trains and kills itself with SIGKILL after step KILL_AT. */
import { openStore } from "@lexiscope/activations";
import { openModel } from "@lexiscope/model";
import { train } from "../train.ts";
import { reluForTests, trainForTests } from "./train-options.ts";

const [model = "", store = "", out = "", killAt = "Infinity", recipe] = process.argv.slice(2);
const work = train(trainForTests(await openStore(store), await openModel(model), out, recipe === "relu" ? reluForTests : undefined));
for (;;) {
  const step = await work.next();
  if (step.done) break;
  if ((step.value.metrics?.["step"] ?? 0) >= Number(killAt)) process.kill(process.pid, "SIGKILL");
}
