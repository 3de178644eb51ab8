/**
 * Run by tests: `lock-child FOLDER LOG SEED` takes the folder's lock again and again and writes into LOG when it holds it
 * (`in PID`) and when no more (`out PID`), until it kills itself, perhaps while it holds or takes it.
 */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isLexiscopeError } from "../errors.ts";
import { lockFolder } from "../lock.ts";
import { createRandom } from "../random.ts";

const [folder = "", log = "", seed = "0"] = process.argv.slice(2);
const random = createRandom(Number(seed));
let inside = false;
const say = (what: string): void => appendFileSync(log, `${what} ${process.pid}\n`);
setTimeout(() => {
  if (inside) say("out");
  process.kill(process.pid, "SIGKILL");
}, random.next() * 500);
for (;;) {
  try {
    const unlock = await lockFolder(folder, "a child");
    say("in");
    inside = true;
    await sleep(random.next() * 3);
    inside = false;
    say("out");
    await unlock();
  } catch (error) {
    if (!isLexiscopeError(error) || error.code !== "busy") {
      say(`fault ${String(error)}`);
      process.exit(1);
    }
    await sleep(random.next() * 3);
  }
}
