import { openModel } from "@lexiscope/model";
import { openAtlas, chooseReadable } from "@lexiscope/atlas";
import { generate } from "@lexiscope/steering";
import { isFluent } from "./start/look.ts";
const model = await openModel("smollm2-135m-instruct");
const atlas = await openAtlas("/tmp/full/atlases/first");
for (const q of ["Tell me a story about a journey.", "What is on your mind?", "What do you see in front of you?"]) for (const positions of ["all", "generated"] as const) {
 let hits = 0; console.log("####", q, positions);
 for (const c of chooseReadable(atlas, 12)) {
  const strengths = [1, 1.5, 2, 2.5, 3];
  const texts = ["", ...strengths.map(() => "")];
  for await (const e of generate({ model, atlas }, { prompt: { messages: [{ role: "user", content: q }] }, variants: [[], ...strengths.map((value) => [{ op: "clamp", feature: c.index, value, unit: "max", positions } as const])], temperature: 0, maxTokens: 40 })) if (e.type === "token") texts[e.variant] += e.text;
  strengths.forEach((s, i) => { const t = texts[i+1] ?? ""; if (isFluent(t) && t.toLowerCase().includes(c.word) && !texts[0]?.toLowerCase().includes(c.word)) { hits++; console.log(c.index, c.word, s, JSON.stringify(t.slice(0, 220))); } });
 }
 console.log("hits", hits);
}
