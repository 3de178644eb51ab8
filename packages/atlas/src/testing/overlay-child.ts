// Names features one after the other in an overlay, and says each number when it is kept: to be killed, or to run beside others.
import { openOverlay } from "../overlay.ts";

const [atlas = "", identity = "", from = "0", count = "1000000"] = process.argv.slice(2);
const overlay = openOverlay(atlas, identity);
for (let feature = Number(from); feature < Number(from) + Number(count); feature++) {
  overlay.setLabel(feature, { name: `name ${feature}`, note: "" });
  process.stdout.write(`${feature}\n`);
}
overlay.close();
