import type { GenerateRequest, InspectResponse } from "@lexiscope/contract";
import { firstAtlas, type Generated, generateTimed, median, printTable, startServer } from "./support.ts";

/**
 * Chat beside plain and Inspect, as a client sees them: `node bench/server/chat.ts [rounds]`. Uses the first atlas of
 * LEXISCOPE_HOME. One stream and two take turns, so that a machine that changes its speed changes it for both.
 */
const rounds = Number(process.argv[2] ?? 5);
const answerTokens = 48;
const sentence = "The history of the lighthouse begins with fires built on hilltops to guide ships home at night. ";

const server = await startServer();
try {
  const atlas = await firstAtlas(server);
  const edits: GenerateRequest["variants"][number]["edits"] = [{ op: "clamp", feature: 1, value: 0.1, unit: "norm", positions: "all" }];
  // Some 100 tokens in the chat template.
  const messages = [{ role: "user" as const, content: `${sentence.repeat(4)}Go on with this story, in many words.` }];
  const table: (string | number)[][] = [];
  for (const [how, temperature] of [
    ["greedy", 0],
    ["at temperature 1", 1],
  ] as const) {
    const ask = (variants: GenerateRequest["variants"]): Promise<Generated> =>
      generateTimed(server, { atlas, prompt: { messages }, variants, temperature, maxTokens: answerTokens, seed: 1 });
    await ask([{ edits: [] }, { edits }]);
    const alone: Generated[] = [];
    const beside: Generated[] = [];
    for (let round = 0; round < rounds; round++) {
      alone.push(await ask([{ edits: [] }]));
      beside.push(await ask([{ edits: [] }, { edits }]));
    }
    const rate = (all: readonly Generated[]): number => median(all.flatMap(({ rates }) => rates));
    const pairs = beside.map(({ rates }, i) => median(rates) / (alone[i]?.rates[0] ?? Number.NaN));
    table.push(
      [`one stream, ${how}`, median(alone.map(({ firstMs }) => firstMs)), rate(alone), ""],
      [`plain beside clamped, ${how}`, median(beside.map(({ firstMs }) => firstMs)), rate(beside), median(pairs)],
    );
  }
  printTable(["chat, 100-token prompt", "first token ms", "tokens/s each", "of one stream"], table);

  const text = sentence.repeat(40).split(" ").slice(0, 500).join(" ");
  const inspected: { client: number; tokens: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const begun = performance.now();
    const { tokens } = await server.json<InspectResponse>("POST", "/api/inspect", { atlas, text, top: 8, pinned: [1, 2, 3] });
    if (round > 0) inspected.push({ client: performance.now() - begun, tokens: tokens.length });
  }
  printTable(
    ["inspect, 500 words, 3 pinned", "ms", "tokens/s"],
    [
      [
        `${inspected[0]?.tokens} tokens`,
        median(inspected.map(({ client }) => client)),
        median(inspected.map(({ client, tokens }) => (tokens * 1000) / client)),
      ],
    ],
  );
} finally {
  await server.close();
}
