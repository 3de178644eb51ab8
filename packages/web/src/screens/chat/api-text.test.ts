import { expect, it } from "vitest";
import { newDial } from "../../parts/dial-units.ts";
import { apiBody, curlText, pythonText } from "./api-text.ts";
import { newConversation, withAnswers, withQuestion } from "./conversation.ts";

const hard = `It's "so" \\ $HOME\n\`x\` 🐳 é\u2028`;
const ask = withQuestion(newConversation({ atlas: "first", dials: [newDial(12)], system: "Be brief." }), hard, 0);
const here = { origin: "http://127.0.0.1:4873", signIn: false };

it("asks what the screen asks, both sides at once while they read the same", () => {
  expect(apiBody(ask, 0, "m")).toEqual({
    model: "m",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: hard },
    ],
    temperature: 0,
    max_tokens: 300,
    steering: { atlas: "first", edits: [{ feature: 12, op: "clamp", value: 1.5, unit: "max" }], baseline: true },
  });
  const parted = withQuestion(withAnswers(ask, 0, { plain: "a", edited: "b" }), "next", 1);
  const body = apiBody(parted, 1, "m");
  expect(body["steering"]).not.toHaveProperty("baseline");
  expect(body["messages"]).toContainEqual({ role: "assistant", content: "b" });
});

it("leaves steering out of a plain call, and names what is sampled", () => {
  const sampled = { ...ask, dials: [], sampling: { ...ask.sampling, temperature: 0.7, seed: 5 } };
  const body = apiBody(sampled, 0, "m");
  expect(body).not.toHaveProperty("steering");
  expect(body).toMatchObject({ temperature: 0.7, top_p: 0.95, seed: 5 });
});

it("writes a command whose body a shell hands over unchanged", () => {
  const body = apiBody(ask, 0, "m");
  const word = /-d '([\s\S]*)'$/.exec(curlText(body, here))?.[1] ?? "";
  const pieces = word.split(`'\\''`); // quote closed, a quote, quote opened again
  expect(pieces.every((piece) => !piece.includes("'"))).toBe(true);
  expect(JSON.parse(pieces.join("'"))).toEqual(body);
});

it("writes Python with literals of Python's own", () => {
  const text = pythonText(apiBody(ask, 0, "m"), { ...here, signIn: true });
  expect(text).toContain('"baseline": True');
  expect(text).toContain('api_key=os.environ["LEXISCOPE_TOKEN"]');
  expect(text).toContain("extra_body={");
  expect(text).not.toContain("true");
});
