// Writes a made-up atlas of any width, for measuring what browsing costs:
//   node bench/atlas/synthetic.ts --features 1000000 --out DIR [--seed 0]
import { parseArgs } from "node:util";
import { writeSyntheticAtlas } from "@lexiscope/atlas/testing";

const { values } = parseArgs({
  options: { features: { type: "string", default: "16384" }, out: { type: "string" }, seed: { type: "string", default: "0" } },
});
if (values.out === undefined) throw new Error("say where: --out DIR");
const features = Number(values.features);
const started = performance.now();
const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;
await writeSyntheticAtlas({
  folder: values.out,
  features,
  seed: Number(values.seed),
  onProgress: (done) => {
    if (done % 100_000 === 0) console.error(`${done} of ${features} features, ${seconds()}`);
  },
});
console.error(`${values.out}: ${features} features in ${seconds()}, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most`);
