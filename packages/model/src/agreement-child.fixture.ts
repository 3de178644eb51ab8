import { argmax, decodeGolden, forwardGolden, goldenForward, goldenGreedy, greedyAnswers, klDivergence } from "./agreement.fixture.ts";
import { openModel } from "./open-model.ts";

/** Run as a process of its own under LEXISCOPE_CPU: how far the fast path is from our own f32 path. Prints one JSON line. */
const golden = await goldenForward();
const exact = await openModel("smollm2-135m-instruct", { dtype: "f32", offline: true });
const exactLogits = (await forwardGolden(exact, golden)).logits ?? new Float32Array();
const fast = await openModel("smollm2-135m-instruct", { dtype: "fast", offline: true });
const fastLogits = (await forwardGolden(fast, golden)).logits ?? new Float32Array();
const width = exact.architecture.vocabulary;
const rows = exactLogits.length / width;
const compare = (logits: Float32Array): { kl: number; same: number } => {
  let [kl, same] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const [p, q] = [exactLogits, logits].map((all) => all.subarray(row * width, (row + 1) * width));
    if (!p || !q) continue;
    kl += klDivergence(p, q) / rows;
    same += argmax(p) === argmax(q) ? 1 / rows : 0;
  }
  return { kl, same };
};
const items = goldenGreedy();
const answers = await greedyAnswers(fast, items);
const greedy = answers.map((answer, at) => answer.filter((id, i) => id === items[at]?.ids[i]).length);
const decoded = compare(await decodeGolden(fast, golden));
console.log(JSON.stringify({ path: fast.cpuPath, rows, ...compare(fastLogits), decoded, greedy }));
