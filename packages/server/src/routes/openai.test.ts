import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generationResultSchema } from "@lexiscope/contract";
import { builtInModel } from "@lexiscope/model";
import OpenAI, { BadRequestError, NotFoundError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtInForTests, type HomeAtlas, makeModelHome } from "../models/testing/model-home.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

const builtIn = await builtInForTests();
const model = builtInModel.name;
const paris = [{ role: "user" as const, content: "What is the capital of France?" }];
const launcher = fileURLToPath(new URL("../../../../lexiscope", import.meta.url));
let server: TestServer;
let client: OpenAI;
let small: HomeAtlas;

type Chat = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;

/** What the extension adds to a whole answer. */
interface Steered {
  steering: { applied: Record<string, unknown>[]; atlas: string; model_hash: string; warnings: string[] };
  choices: {
    steering?: {
      baseline?: { message: { content: string }; finish_reason: string };
      features?: { text: string; features: { index: number; name: string | null }[] }[];
    };
  }[];
}

/** The answer of the command line to the same request. */
async function lexiscope(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [launcher, "generate", ...args, "--json"], {
    env: { ...process.env, LEXISCOPE_OFFLINE: "1" },
  });
  return generationResultSchema.parse(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).variants[0]?.text ?? "";
}

function chat(change: Partial<Chat> = {}): Chat {
  return { model, messages: paris, temperature: 0, max_completion_tokens: 12, ...change };
}

/** With fields that the client's types do not know. */
function extended(extra: Record<string, unknown>, change: Partial<Chat> = {}): Chat {
  return { ...chat(change), ...extra };
}

async function waiting(): Promise<{ running: number; waiting: number } | undefined> {
  const { models } = await server.json<{ models: { id: string; running: number; waiting: number }[] }>("GET", "/api/models");
  return models.find(({ id }) => id === model);
}

describe.skipIf(builtIn.skipped !== undefined)(`the official client${builtIn.skipped ? ` (${builtIn.skipped})` : ""}`, () => {
  beforeAll(async () => {
    const home = await makeModelHome(builtIn.path);
    if (!home.small) throw new Error("there is no atlas of the built-in model");
    small = home.small;
    server = await startTestServer({ home: home.home });
    client = new OpenAI({ baseURL: `${server.server.url}/v1`, apiKey: "none", maxRetries: 0 });
  });
  afterAll(() => server.close());

  it("lists models", async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id).toSorted()).toEqual([model, "tiny"].toSorted());
    expect(models.data[0]).toMatchObject({ object: "model", created: expect.any(Number), owned_by: "lexiscope" });
    expect(await client.models.retrieve("tiny")).toMatchObject({ id: "tiny", object: "model" });
    await expect(client.models.retrieve("none")).rejects.toBeInstanceOf(NotFoundError);
  });

  it("answers a chat", async () => {
    const answer = await client.chat.completions.create(chat());
    expect(answer).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: "chat.completion",
      model,
      system_fingerprint: expect.stringMatching(/^fp_[0-9a-f]{12}$/),
    });
    expect(answer.choices).toHaveLength(1);
    const [choice] = answer.choices;
    expect(choice).toMatchObject({ index: 0, logprobs: null, message: { role: "assistant", refusal: null } });
    expect(choice?.message.content).toContain("Paris");
    const { usage } = answer;
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(usage?.completion_tokens).toBeLessThanOrEqual(12);
    expect(answer).not.toHaveProperty("steering");
  });

  it("streams the same in pieces: role first, the reason last, then the usage", async () => {
    const whole = await client.chat.completions.create(chat());
    const chunks = [];
    for await (const chunk of await client.chat.completions.create({ ...chat(), stream: true, stream_options: { include_usage: true } }))
      chunks.push(chunk);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "", refusal: null });
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? "")).join("")).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-2)?.choices[0]).toEqual({ index: 0, delta: {}, logprobs: null, finish_reason: whole.choices[0]?.finish_reason });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ object: "chat.completion.chunk", choices: [], usage: whole.usage });
    const raw = await server.ask("POST", "/v1/chat/completions", { body: { ...chat(), stream: true } });
    expect(raw.headers["content-type"]).toContain("text/event-stream");
    expect(raw.text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
    expect(raw.text).not.toContain('"usage"');
  });

  it("gives the same numbers to the client's own accumulator", async () => {
    const final = await client.chat.completions.stream({ ...chat({ n: 2, seed: 1, temperature: 1 }), stream: true }).finalChatCompletion();
    const whole = await client.chat.completions.create(chat({ n: 2, seed: 1, temperature: 1 }));
    expect(final.choices.map(({ message }) => message.content)).toEqual(whole.choices.map(({ message }) => message.content));
  });

  it("samples n answers that a seed repeats; another seed gives others", async () => {
    const draw = async (seed: number): Promise<(string | null)[]> => {
      const { choices } = await client.chat.completions.create(
        chat({ n: 2, seed, temperature: 1.2, messages: [{ role: "user", content: "Name an animal." }] }),
      );
      expect(choices.map(({ index }) => index)).toEqual([0, 1]);
      return choices.map(({ message }) => message.content);
    };
    const first = await draw(7);
    expect(new Set(first).size).toBe(2);
    expect(await draw(7)).toEqual(first);
    expect(await draw(8)).not.toEqual(first);
    expect((await draw(8))[0]).toBe(first[1]); // the i-th choice draws from seed + i
  });

  it("gives log probabilities with bytes and alternatives", async () => {
    const { choices } = await client.chat.completions.create(chat({ logprobs: true, top_logprobs: 3 }));
    const content = choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join("")).toBe(choices[0]?.message.content);
    for (const { token, logprob, bytes, top_logprobs: top } of content) {
      expect(Buffer.from(bytes ?? []).toString()).toBe(token);
      expect(top).toHaveLength(3);
      expect(top[0]).toMatchObject({ token, logprob }); // greedy takes the likeliest
      expect(logprob).toBeLessThanOrEqual(0);
    }
    const none = await client.chat.completions.create(chat({ logprobs: true, max_completion_tokens: 1 }));
    expect(none.choices[0]?.logprobs?.content?.[0]?.top_logprobs).toEqual([]);
  });

  it("obeys stop, the smaller limit, bias and penalties", async () => {
    const text = async (change: Partial<Chat>): Promise<string> =>
      (await client.chat.completions.create(chat(change))).choices[0]?.message.content ?? "";
    const plain = await text({});
    expect(await text({ stop: "France" })).toBe(plain.slice(0, plain.indexOf("France")));
    const cut = await client.chat.completions.create(chat({ max_tokens: 3, max_completion_tokens: 5 }));
    expect(cut).toMatchObject({ usage: { completion_tokens: 3 }, choices: [{ finish_reason: "length" }] });
    expect(await text({ logit_bias: { 504: -100 } })).not.toBe(plain);
    const again: Partial<Chat> = { messages: [{ role: "user", content: "Write the word apple twenty times." }], max_completion_tokens: 40 };
    expect(await text({ ...again, frequency_penalty: 2, presence_penalty: 2 })).not.toBe(await text(again));
    expect(await text({ messages: [{ role: "developer", content: "Be brief." }, ...paris] })).toBe(
      await text({ messages: [{ role: "system", content: "Be brief." }, ...paris] }),
    );
    expect(
      await text({
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: "What is the capital " },
              { type: "text", text: "of France?" },
            ],
          },
        ],
      }),
    ).toBe(plain);
  });

  it("goes on with a text, in the older shape", async () => {
    const answer = await client.completions.create({
      model,
      prompt: "The capital of France is",
      temperature: 0,
      max_tokens: 4,
      logprobs: 2,
    });
    expect(answer).toMatchObject({ object: "text_completion", usage: { completion_tokens: 4 }, choices: [{ finish_reason: "length" }] });
    const { text, logprobs } = answer.choices[0] ?? {};
    expect(text).toBe(await lexiscope("The capital of France is", "--max-tokens", "4"));
    expect(logprobs?.tokens?.join("")).toBe(text);
    expect(logprobs?.token_logprobs).toHaveLength(4);
    expect(logprobs?.text_offset?.[1]).toBe(logprobs?.tokens?.[0]?.length);
    expect(Object.keys(logprobs?.top_logprobs?.[0] ?? {})).toHaveLength(2);
    const echoed = await client.completions.create({
      model,
      prompt: ["The capital of France is"],
      temperature: 0,
      max_tokens: 4,
      echo: true,
    });
    expect(echoed.choices[0]?.text).toBe(`The capital of France is${text}`);
    let streamed = "";
    for await (const { choices } of await client.completions.create({
      model,
      prompt: "The capital of France is",
      temperature: 0,
      max_tokens: 4,
      echo: true,
      stream: true,
    }))
      streamed += choices[0]?.text ?? "";
    expect(streamed).toBe(echoed.choices[0]?.text);
    expect((await client.completions.create({ model, prompt: "Once upon a time" })).usage?.completion_tokens).toBe(16);
  });

  it("frees the line when a client leaves in mid-stream", async () => {
    const stream = await client.chat.completions.create({
      ...chat({ max_completion_tokens: 4000, messages: [{ role: "user", content: "Write a very long story." }] }),
      stream: true,
    });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break; // leaving the loop ends the connection
    const left = performance.now();
    const next = await client.chat.completions.create(chat({ max_completion_tokens: 1 }));
    expect(next.choices).toHaveLength(1);
    expect(performance.now() - left).toBeLessThan(3000);
    expect(await waiting()).toMatchObject({ running: 0, waiting: 0 });
  });

  describe("steering", () => {
    const edit = { feature: 3, op: "add", value: 0.6, unit: "norm", positions: "generated" };

    it("changes the answer as the command line does, and says what was applied", async () => {
      const body = { model, prompt: "The capital of France is", temperature: 0, max_tokens: 8, steering: { edits: [edit] } };
      const answer = (await client.completions.create(body)) as unknown as Steered & { choices: { text: string }[] };
      expect(answer.steering).toMatchObject({
        applied: [{ dictionary: "small", ...edit }],
        atlas: "small",
        model_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        warnings: [],
      });
      const args = ["The capital of France is", "--max-tokens", "8", "--atlas", small.name];
      expect(answer.choices[0]?.text).toBe(await lexiscope(...args, "--edit", "add:3=0.6n@generated"));
      expect(answer.choices[0]?.text).not.toBe(await lexiscope(...args));
    });

    it("gives the plain answer beside it, and features of each token", async () => {
      const plain = await client.chat.completions.create(chat({ seed: 3, temperature: 0.8 }));
      const answer = (await client.chat.completions.create(
        extended({ steering: { edits: [edit], baseline: true, features: 2 } }, { seed: 3, temperature: 0.8 }),
      )) as unknown as Steered & OpenAI.ChatCompletion;
      const [choice] = answer.choices;
      expect(choice?.steering?.baseline?.message.content).toBe(plain.choices[0]?.message.content);
      expect(choice?.message.content).not.toBe(plain.choices[0]?.message.content);
      expect(choice?.steering?.features).toHaveLength(answer.usage?.completion_tokens ?? 0);
      expect(choice?.steering?.features?.every(({ features }) => features.length <= 2)).toBe(true);
    });

    it("streams both", async () => {
      const whole = (await client.chat.completions.create(
        extended({ steering: { edits: [edit], baseline: true } }),
      )) as unknown as Steered & OpenAI.ChatCompletion;
      const raw = await server.ask("POST", "/v1/chat/completions", {
        body: { ...extended({ steering: { edits: [edit], baseline: true, features: 1 } }), stream: true },
      });
      const chunks = raw.text
        .split("\n\n")
        .filter((line) => line.startsWith("data: {"))
        .map(
          (line) =>
            JSON.parse(line.slice(6)) as {
              steering?: object;
              choices: { delta: { content?: string }; steering?: { baseline?: { delta: { content?: string } }; features?: object[] } }[];
            },
        );
      expect(chunks[0]?.steering).toMatchObject({ atlas: "small", applied: [{ feature: 3 }] });
      expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? "")).join("")).toBe(
        whole.choices[0]?.message.content,
      );
      expect(chunks.flatMap(({ choices }) => choices.map(({ steering }) => steering?.baseline?.delta.content ?? "")).join("")).toBe(
        whole.choices[0]?.steering?.baseline?.message.content,
      );
      expect(chunks.flatMap(({ choices }) => choices.flatMap(({ steering }) => steering?.features ?? []))).toHaveLength(
        whole.usage?.completion_tokens ?? 0,
      );
    });

    it("takes a vector of one's own", async () => {
      const vector = Array.from({ length: 576 }, (_, i) => Math.sin(i) * 8);
      const answer = (await client.chat.completions.create(
        extended({ steering: { edits: [{ site: "blocks.9.hook_resid_post", op: "add", vector }] } }),
      )) as unknown as Steered & OpenAI.ChatCompletion;
      expect(answer.choices[0]?.message.content).not.toBe((await client.chat.completions.create(chat())).choices[0]?.message.content);
      expect(answer.steering.applied).toMatchObject([{ site: "blocks.9.hook_resid_post", value: 1, unit: "vector", positions: "all" }]);
    });

    it.each<[string, Record<string, unknown>, string, string]>([
      ["an unknown feature", { edits: [{ ...edit, feature: 64 }] }, "steering.edits", "features 0 to 63"],
      ["an unknown atlas", { edits: [{ ...edit, dictionary: "none" }] }, "steering.atlas", 'there is no atlas "none"'],
      ["an atlas of another model", { edits: [{ ...edit, dictionary: "tiny" }] }, "model", "tiny"],
      ["two atlases", { atlas: "tiny", edits: [{ ...edit, dictionary: "small" }] }, "steering.edits", "one atlas"],
      ["a field that is not known", { edits: [edit], when: {} }, "steering", "when"],
      ["an operation that is not known", { edits: [{ ...edit, op: "boost" }] }, "steering.edits[0].op", "clamp"],
      ["a missing feature", { edits: [{ op: "clamp", value: 1 }] }, "steering.edits[0].feature", "Missing required parameter"],
      ["a strength that is not finite", { edits: [{ ...edit, value: 1e300 }] }, "steering.edits", "overflow"],
      [
        "a site that is not there",
        { edits: [{ site: "blocks.99.hook_resid_post", op: "add", vector: [1] }] },
        "steering.edits",
        "blocks 0 to 29",
      ],
      [
        "a vector of another width",
        { edits: [{ site: "blocks.9.hook_resid_post", op: "add", vector: [1, 2] }] },
        "steering.edits",
        "width",
      ],
      [
        "positions that are not reached",
        { edits: [{ ...edit, positions: { from: 5000, to: 5001 } }] },
        "steering.edits",
        "would change nothing",
      ],
    ])("refuses %s, streaming or not", async (_, steering, param, message) => {
      for (const stream of [false, true]) {
        const failure = await client.chat.completions.create({ ...extended({ steering }), stream } as Chat).then(
          () => undefined,
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(BadRequestError);
        expect(failure).toMatchObject({ status: 400, type: "invalid_request_error", param, message: expect.stringContaining(message) });
      }
    });
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ["a temperature out of range", { temperature: 3 }, "temperature", "invalid_value"],
    ["a temperature of another type", { temperature: "hot" }, "temperature", "invalid_type"],
    ["no messages", { messages: undefined }, "messages", "missing_required_parameter"],
    ["an unknown role", { messages: [{ role: "tool", content: "x" }] }, "messages[0].role", "invalid_value"],
    [
      "a part that is no text",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] },
      "messages[0].content[0].type",
      "invalid_value",
    ],
    ["tools", { tools: [{ type: "function", function: { name: "f" } }] }, "tools", "unsupported_parameter"],
    ["a response format", { response_format: { type: "json_object" } }, "response_format", "unsupported_parameter"],
    ["top_k", { top_k: 5 }, "top_k", "unsupported_parameter"],
    [
      "tool calls in a message",
      { messages: [{ role: "assistant", content: "", tool_calls: [{}] }] },
      "messages[0].tool_calls",
      "unsupported_parameter",
    ],
    ["top_logprobs without logprobs", { top_logprobs: 2 }, "top_logprobs", "invalid_value"],
    ["too many alternatives", { logprobs: true, top_logprobs: 21 }, "top_logprobs", "invalid_value"],
    ["too many choices", { n: 9 }, "n", "invalid_value"],
    ["an empty stop text", { stop: [""] }, "stop", "invalid_input"],
    ["a bias for a token that there is not", { logit_bias: { 99999999: 1 } }, "logit_bias", "invalid_input"],
    [
      "a conversation that does not fit",
      { messages: [{ role: "user", content: "word ".repeat(9000) }, ...paris] },
      "messages",
      "context_length_exceeded",
    ],
  ])("refuses %s by name", async (_, extra, param, code) => {
    const failure = await client.chat.completions.create(extended(extra)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BadRequestError);
    expect(failure).toMatchObject({ status: 400, type: "invalid_request_error", param, code });
  });

  it("takes what asks for nothing", async () => {
    const answer = await client.chat.completions.create(
      extended({
        tools: [],
        tool_choice: "none",
        response_format: { type: "text" },
        user: "me",
        metadata: {},
        store: false,
        max_completion_tokens: 1,
      }),
    );
    expect(answer.choices).toHaveLength(1);
  });

  it("says that a model is not there", async () => {
    const failure = await client.chat.completions.create(chat({ model: "gpt-4o" })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(NotFoundError);
    expect(failure).toMatchObject({ status: 404, code: "model_not_found", param: "model", message: expect.stringContaining(model) });
  });

  it("refuses a body that is no JSON in the protocol's shape", async () => {
    const answer = await server.ask("POST", "/v1/chat/completions", { body: "{", headers: { "content-type": "application/json" } });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { type: "invalid_request_error", param: null } });
    for (const path of ["/v1/chat/completions", "/v1/completions"]) {
      const text = await server.ask("POST", path, { body: JSON.stringify(chat()), headers: { "content-type": "text/plain" } });
      expect(text.status).toBeGreaterThanOrEqual(400);
      expect(text.status).toBeLessThan(500);
      expect(text.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    }
  });
});
