import { createRandom } from "@lexiscope/core";
import { withTask } from "@lexiscope/native";
import { beforeAll, describe, expect, it } from "vitest";
import { generate } from "./generate.ts";
import { parseEdit } from "./parse-edit.ts";
import { buildPrompt } from "./prompt.ts";
import { chooseToken } from "./sampling.ts";
import { samplingSettings } from "./sampling-settings.ts";
import { openTinySteering, tinySite, type TinySteering } from "./testing/tiny-steering.ts";
import type { GenerateOptions, GenerationEvent } from "./types.ts";

const prompt = "seven stars";
let tiny: TinySteering;
beforeAll(async () => {
  tiny = await openTinySteering();
});

interface Answer {
  ids: number[];
  text: string;
  logprobs: number[];
  reason: string | undefined;
}

async function run(
  options: Partial<GenerateOptions>,
  steering = tiny,
): Promise<{ answers: Answer[]; events: GenerationEvent[]; warnings: string[] }> {
  const events: GenerationEvent[] = [];
  const all = { prompt, variants: [[]], maxTokens: 20, repetitionPenalty, ...options };
  for await (const event of generate(steering, all)) events.push(event);
  const answers = all.variants.map((_, variant) => {
    const tokens = events.filter((event) => event.type === "token" && event.variant === variant) as Extract<
      GenerationEvent,
      { type: "token" }
    >[];
    const end = events.find((event) => event.type === "end" && event.variant === variant);
    return {
      ids: tokens.map(({ id }) => id),
      text: tokens.map(({ text }) => text).join(""),
      logprobs: tokens.map(({ logprob }) => logprob),
      reason: end?.type === "end" ? end.reason : undefined,
    };
  });
  return { answers, events, warnings: events.flatMap((event) => (event.type === "warning" ? [event.message] : [])) };
}

/** The model without its stop tokens, so that answers have a known length. */
const endless = (): TinySteering => ({ ...tiny, model: { ...tiny.model, stopTokens: [] } });
const edits = ["add:3=6", "clamp:7=9", "scale:12=2@prompt"].map(parseEdit);

/** A tied random model repeats its last token; this makes it go on to others. */
const repetitionPenalty = 10;

/** Greedy tokens by a full forward pass for each: the slow way. */
async function argmaxLoop(text: string, tokens: number): Promise<number[]> {
  const ids = tiny.model.tokenizer.encode(text);
  const start = ids.length;
  while (ids.length < start + tokens) {
    const output = await withTask(undefined, (task) =>
      tiny.model.native.forward(
        { tokens: Int32Array.from(ids), lengths: Int32Array.of(ids.length), taps: [], edits: [], logits: "full", top: 0 },
        task,
      ),
    );
    const last = output.logits?.slice(-tiny.model.native.vocabulary) ?? new Float32Array();
    const penalised = last.map((logit, id) =>
      !ids.includes(id) ? logit : logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty,
    );
    ids.push(penalised.indexOf(Math.max(...penalised)));
  }
  return ids.slice(start);
}

describe("greedy", () => {
  it("equals the argmax of full forward passes", async () => {
    const { answers, events } = await run({}, endless());
    expect(answers[0]?.ids).toEqual(await argmaxLoop(prompt, 20));
    expect(new Set(answers[0]?.ids).size).toBeGreaterThan(10);
    expect(answers[0]?.reason).toBe("length");
    expect(events[0]).toEqual({ type: "start", promptTokens: prompt.length, dropped: 0 });
  });
  it("gives the same with other variants in the batch as alone", async () => {
    const together = (await run({ variants: [[], edits, [parseEdit("ablate:7")], []] }, endless())).answers;
    expect(together[0]).toEqual(together[3]);
    for (const [i, variant] of [[], edits, [parseEdit("ablate:7")]].entries()) {
      const alone = (await run({ variants: [variant] }, endless())).answers[0];
      expect(together[i]?.ids).toEqual(alone?.ids);
      alone?.logprobs.forEach((logprob, t) => expect(together[i]?.logprobs[t]).toBeCloseTo(logprob, 4));
    }
    expect(together[1]?.ids).not.toEqual(together[0]?.ids);
  });
  it("gives each token's log probability in nats", async () => {
    const { answers } = await run({ maxTokens: 1 }, endless());
    const output = await withTask(undefined, (task) =>
      tiny.model.native.forward(
        {
          tokens: Int32Array.from(tiny.model.tokenizer.encode(prompt)),
          lengths: Int32Array.of(prompt.length),
          taps: [],
          edits: [],
          logits: "nll",
          top: 1,
        },
        task,
      ),
    );
    expect(answers[0]?.logprobs[0]).toBeCloseTo(output.topLogprobs?.at(-1) ?? 0, 4);
  });
});

describe("edits", () => {
  it("of generated tokens leave the first one, which comes from the prompt", async () => {
    const [plain, edited] = (await run({ variants: [[], [parseEdit("add:3=9@generated")]] }, endless())).answers;
    expect(edited?.ids[0]).toBe(plain?.ids[0]);
    expect(edited?.logprobs[0]).toBe(plain?.logprobs[0]);
    expect(edited?.ids).not.toEqual(plain?.ids);
  });
  it("by a clamp to the activation that is there change nothing", async () => {
    const ids = Int32Array.from(tiny.model.tokenizer.encode(prompt));
    const { taps } = await withTask(undefined, (task) =>
      tiny.model.native.forward(
        {
          tokens: ids,
          lengths: Int32Array.of(ids.length),
          taps: [{ site: tiny.atlas.manifest.dictionary.site, values: "bf16" }],
          edits: [],
          logits: "none",
          top: 0,
        },
        task,
      ),
    );
    const code = await withTask(undefined, (task) => tiny.dictionary.encode(taps[0]?.values as Uint16Array, task));
    const place = 4 * tiny.dictionary.k;
    const edit = parseEdit(`clamp:${code.indices[place]}=${code.values[place]}@4-5`);
    const [plain, edited] = (await run({ variants: [[], [edit]] }, endless())).answers;
    expect(edited).toEqual(plain);
  });
  it("along a vector equal those of the feature whose direction it is", async () => {
    const vector = {
      op: "add" as const,
      site: tinySite,
      vector: Array.from(tiny.direction(3)),
      value: 9,
      unit: "vector" as const,
      positions: "all" as const,
    };
    const { answers } = await run({ variants: [[parseEdit("add:3=9")], [vector], [vector, vector], [parseEdit("add:3=18")]] }, endless());
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]?.ids).toEqual(answers[3]?.ids);
  });
  it("from a token on equal a span to the end", async () => {
    const [open, closed] = (await run({ variants: [[parseEdit("add:3=9@4-")], [parseEdit("add:3=9@4-100")]] }, endless())).answers;
    expect(open).toEqual(closed);
  });
  it("of a role reach that role's messages alone", async () => {
    const messages = [
      { role: "user" as const, content: "seven" },
      { role: "assistant" as const, content: "eight" },
      { role: "user" as const, content: "nine" },
    ];
    const before = "<|im_start|>user\n".length - "<|im_start|>".length + 1;
    const spanOf = `add:3=9@${before}-${before + 5}`;
    const first = { messages: messages.slice(0, 1) };
    const [byRole, bySpan] = (await run({ prompt: first, variants: [[parseEdit("add:3=9@user")], [parseEdit(spanOf)]] }, endless()))
      .answers;
    expect(byRole).toEqual(bySpan);
    const variants = ["user", "assistant", "user,assistant"].map((role) => [parseEdit(`add:3=9@${role}`)]);
    const answers = (await run({ prompt: { messages }, variants }, endless())).answers.map(({ logprobs }) => logprobs[0]);
    expect(new Set(answers).size).toBe(3);
    await expect(run({ variants: [[parseEdit("ablate:3@user")]] })).rejects.toMatchObject({ code: "invalid_input", field: "positions" });
  });
  it("that can reach no token are refused before anything is generated", async () => {
    await expect(run({ variants: [[], [parseEdit("ablate:3@0-1")]] })).rejects.toThrow(/would change nothing/);
  });
  it("that reached none because the answer ended are said", async () => {
    const first = (await argmaxLoop(prompt, 2))[1] ?? -1;
    const stopping = { ...tiny, model: { ...tiny.model, stopTokens: [first] } };
    const { warnings, answers } = await run({ variants: [[parseEdit("ablate:3@25-30")]] }, stopping);
    expect(answers[0]?.reason).toBe("stop");
    expect(warnings).toEqual(["ablate:3@25-30 changed nothing: the answer ended before any token that it names"]);
  });
});

describe("sampling", () => {
  const options = { temperature: 2, topP: 0.95, maxTokens: 30 };
  it("is the same for the same seed, another for another, and the same beside other variants", async () => {
    const [first, again, other, beside] = await Promise.all([
      run({ ...options, seed: 5 }, endless()),
      run({ ...options, seed: 5 }, endless()),
      run({ ...options, seed: 6 }, endless()),
      run({ ...options, seed: 5, variants: [edits, []] }, endless()),
    ]);
    expect(again.answers).toEqual(first.answers);
    expect(other.answers[0]?.ids).not.toEqual(first.answers[0]?.ids);
    expect(beside.answers[1]?.ids).toEqual(first.answers[0]?.ids);
  });
  it("draws from a seed of its own for each variant when seeds are given", async () => {
    const { answers } = await run({ ...options, variants: [[], [], []], seeds: [5, 6, 5] }, endless());
    expect(answers[1]?.ids).not.toEqual(answers[0]?.ids);
    expect(answers[2]).toEqual(answers[0]);
    expect(answers[1]?.ids).toEqual((await run({ ...options, seed: 6 }, endless())).answers[0]?.ids);
    await expect(run({ variants: [[], []], seeds: [1] })).rejects.toMatchObject({ code: "invalid_input", field: "seeds" });
  });
  it("penalises what was generated and not the prompt, and follows a bias", async () => {
    const greedy = { repetitionPenalty: 1, maxTokens: 8 };
    const plain = (await run(greedy, endless())).answers[0]?.ids ?? [];
    expect(new Set(plain).size).toBe(1); // a tied random model repeats its last token
    const penalised = (await run({ ...greedy, frequencyPenalty: 2, presencePenalty: 2 }, endless())).answers[0]?.ids ?? [];
    expect(penalised[0]).toBe(plain[0]);
    const unlike = (await run({ ...greedy, logitBias: new Map([[plain[0] ?? 0, -100]]) }, endless())).answers[0]?.ids ?? [];
    expect(unlike).not.toContain(plain[0]);
    expect((await run({ ...greedy, logitBias: new Map([[65, 100]]) }, endless())).answers[0]?.ids).toEqual(new Array(8).fill(65));
    await expect(run({ logitBias: new Map([[100_000, 1]]) })).rejects.toMatchObject({ field: "logitBias" });
  });
  it("names the most likely tokens and gives bytes when it is asked, and only then", async () => {
    const asked = (await run({ topLogprobs: 3, maxTokens: 4 }, endless())).events.filter((event) => event.type === "token");
    for (const { id, logprob, bytes, top = [] } of asked) {
      expect(bytes).toEqual(tiny.model.tokenizer.tokenBytes(id));
      expect(top).toHaveLength(3);
      expect(top[0]?.logprob).toBeGreaterThanOrEqual(logprob);
      for (const other of top) {
        expect(other.text).toBe(tiny.model.tokenizer.tokenText(other.id));
        expect(other.bytes).toEqual(tiny.model.tokenizer.tokenBytes(other.id));
        if (other.id === id) expect(other.logprob).toBe(logprob);
      }
    }
    const plain = (await run({ maxTokens: 1 }, endless())).events.find((event) => event.type === "token");
    expect(Object.keys(plain ?? {})).toEqual(["type", "variant", "id", "text", "logprob"]);
  });
  it("joins to the text of its tokens, whatever bytes they are", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const { answers } = await run({ temperature: 3, maxTokens: 40, seed }, endless());
      expect(answers[0]?.text).toBe(tiny.model.tokenizer.decode(answers[0]?.ids ?? [], { skipSpecial: true }));
    }
  });
});

describe("an answer ends", () => {
  it("at a stop token, which is not part of it", async () => {
    const ids = await argmaxLoop(prompt, 20);
    const at = ids.findIndex((id, i) => ids.indexOf(id) === i && i > 0);
    const { answers } = await run({}, { ...tiny, model: { ...tiny.model, stopTokens: [ids[at] ?? -1] } });
    expect(answers[0]).toMatchObject({ ids: ids.slice(0, at), reason: "stop" });
  });
  it("at a stop text, which is not part of it", async () => {
    const { answers } = await run({ temperature: 1, seed: 1, maxTokens: 60 }, endless());
    const text = answers[0]?.text ?? "";
    const stop = text.slice(10, 13);
    const cut = (await run({ temperature: 1, seed: 1, maxTokens: 60, stop: [stop] }, endless())).answers[0];
    expect(cut).toMatchObject({ text: text.slice(0, text.indexOf(stop)), reason: "stop" });
  });
  it("when the context is full, and says so", async () => {
    const { answers } = await run({ prompt: "x".repeat(120), maxTokens: 50 }, endless());
    expect(answers[0]?.reason).toBe("context");
    expect(answers[0]?.ids).toHaveLength(128 - 120 + 1);
    expect((await run({ prompt: "x".repeat(128), maxTokens: 50 }, endless())).answers[0]).toMatchObject({
      reason: "context",
      ids: { length: 1 },
    });
  });
  it("for each variant on its own", async () => {
    const [first] = await argmaxLoop(prompt, 1);
    const stopping = { ...tiny, model: { ...tiny.model, stopTokens: [first ?? -1] } };
    const { answers, events } = await run({ variants: [[], edits], maxTokens: 5 }, stopping);
    expect(answers[0]).toMatchObject({ ids: [], text: "", reason: "stop" });
    expect(events.filter(({ type }) => type === "end")).toHaveLength(2);
    expect(answers[1]?.ids).toEqual((await run({ variants: [edits], maxTokens: 5 }, stopping)).answers[0]?.ids);
  });
});

it("gives each variant a prompt of its own, with the answers that each has alone", async () => {
  const prompts = [undefined, "x".repeat(120), { messages: [{ role: "user" as const, content: "whale" }] }];
  const variants = [[], [parseEdit("add:3=9")], [parseEdit("clamp:7=9@user")]];
  const { answers, events } = await run({ prompts, variants }, endless());
  expect(events[0]).toEqual({ type: "start", promptTokens: 120, dropped: 0 });
  expect(answers.map(({ reason }) => reason)).toEqual(["length", "context", "length"]);
  for (const [i, own] of prompts.entries()) {
    const alone = (await run({ prompt: own ?? prompt, variants: variants.slice(i, i + 1) }, endless())).answers[0];
    expect(answers[i]?.ids).toEqual(alone?.ids);
  }
  await expect(run({ prompts: [undefined], variants: [[], []] })).rejects.toMatchObject({ field: "prompts" });
});

it("counts the messages of a chat that were left out", async () => {
  const messages = ["1", "2", "3"].map((digit) => ({ role: "user" as const, content: digit.repeat(30) }));
  expect((await run({ prompt: { messages }, maxTokens: 10 })).events[0]).toMatchObject({ type: "start", dropped: 1 });
});

it("stops at once when it is told to, before and in the middle", async () => {
  await expect(run({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  const controller = new AbortController();
  const stream = generate(endless(), { prompt, variants: [[], edits], maxTokens: 100, signal: controller.signal });
  await stream.next();
  await stream.next();
  controller.abort();
  const started = performance.now();
  await expect(async () => {
    for await (const _ of stream);
  }).rejects.toMatchObject({ code: "aborted" });
  expect(performance.now() - started).toBeLessThan(200);
});

it("ends the step that is under way when its reader leaves", async () => {
  let running = 0;
  const { native } = tiny.model;
  const counted = new Proxy(native, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "step") return value.bind(target) as unknown;
      return (...all: Parameters<typeof native.step>) => {
        running++;
        return native.step(...all).finally(() => running--);
      };
    },
  });
  const stream = generate(
    { ...tiny, model: { ...tiny.model, native: counted, stopTokens: [] } },
    { prompt, variants: [[], edits], maxTokens: 100 },
  );
  for await (const event of stream) if (event.type === "token") break;
  expect(running).toBe(0);
  await expect(stream.next()).resolves.toEqual({ done: true, value: undefined });
});

it("says that an edit reached nothing when only a step in vain met its token", async () => {
  const options = { temperature: 1, seed: 1, maxTokens: 60, repetitionPenalty: 1 };
  const { answers } = await run(options, endless());
  const stop = answers[0]?.text.slice(10, 13) ?? "";
  // The token that completes the stop text is fed before the text is known to have ended.
  const cut = (await run({ ...options, stop: [stop] }, endless())).answers[0];
  const beyond = prompt.length + (cut?.ids.length ?? 0) - 1;
  const unmet = await run({ ...options, stop: [stop], variants: [[parseEdit(`add:3=0.001@${beyond}-`)]] }, endless());
  expect(unmet.answers[0]).toMatchObject({ ids: cut?.ids, reason: "stop" });
  expect(unmet.warnings).toEqual([expect.stringContaining("changed nothing")]);
});

it.each([0, 0.8])("chooses natively what the definition chooses, at temperature %d", async (temperature) => {
  const { native, tokenizer } = tiny.model;
  const settings = samplingSettings({ temperature, topLogprobs: 4, seed: 3 });
  const { events } = await run({ temperature, topLogprobs: 4, seed: 3, maxTokens: 25, repetitionPenalty: 1 }, endless());
  const tokens = events.filter((event) => event.type === "token");
  const cache = native.cache(1, 100);
  const state = { seen: new Set<number>(), counts: new Map<number, number>(), random: createRandom(3) };
  let next = tokenizer.encode(prompt);
  for (const { id, logprob, top = [] } of tokens) {
    const logits = await withTask(undefined, (task) => native.extend(cache, Int32Array.from(next), Int32Array.of(next.length), [], task));
    const choice = chooseToken(logits, tokenizer.size, settings, state);
    expect({ id, logprob, top: top.map(({ id: other, logprob: p }) => ({ id: other, logprob: p })) }).toEqual(choice);
    next = [id];
  }
  expect(tokens).toHaveLength(25);
});

it("refuses no variants and too many", async () => {
  await expect(run({ variants: [] })).rejects.toMatchObject({ code: "invalid_input", field: "variants" });
  await expect(run({ variants: Array.from({ length: 33 }, () => []) })).rejects.toMatchObject({ field: "variants" });
});

it("takes a prompt that was built before as it is, and builds it no second time", async () => {
  const messages = [{ role: "user", content: "seven stars" } as const];
  const chat = await run({ prompt: { messages: [...messages] } });
  const built = buildPrompt(tiny.model, { messages: [...messages] }, 20);
  const { chatTemplate: _, ...model } = tiny.model;
  const again = await run({ prompt: built, prompts: [built] }, { ...tiny, model: { ...model, chatTemplate: undefined } });
  expect(again.answers).toEqual(chat.answers);
});
