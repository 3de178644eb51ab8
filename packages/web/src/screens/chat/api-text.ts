import type { Edit } from "@lexiscope/contract";
import { shellQuoted } from "@lexiscope/contract/job-command";
import { inForce } from "../../parts/dial-units.ts";
import { messagesOf, sameHistory, sidesOf, type Conversation } from "./conversation.ts";

/** The body that /v1/chat/completions takes for turn `at`: the edited side where there is one. */
export function apiBody(conversation: Conversation, at: number, model: string): Record<string, unknown> {
  const { sampling, atlas, dials } = conversation;
  const sides = sidesOf(conversation, at);
  const edited = sides.includes("edited");
  const edits = edited ? inForce(dials) : [];
  const steering =
    edits.length === 0
      ? {}
      : {
          steering: {
            ...(atlas === null ? {} : { atlas }),
            edits: edits.map(apiEdit),
            // The unedited answer of one batch reads the same messages, so it is this screen's only while both sides do.
            ...(sides.length === 2 && sameHistory(conversation, at) ? { baseline: true } : {}),
          },
        };
  return {
    model,
    messages: messagesOf(conversation, edited ? "edited" : "plain", at),
    temperature: sampling.temperature,
    ...(sampling.temperature > 0 ? { top_p: sampling.topP, seed: sampling.seed } : {}),
    max_tokens: sampling.maxTokens,
    ...steering,
  };
}

function apiEdit({ feature, op, value, unit, positions }: Edit): Record<string, unknown> {
  return { feature, op, ...(op === "ablate" ? {} : { value, unit }), ...(positions === "all" ? {} : { positions }) };
}

export interface ApiTarget {
  /** `http://127.0.0.1:4873` */
  origin: string;
  /** The server asks for a token. */
  signIn: boolean;
}

export function curlText(body: Record<string, unknown>, { origin, signIn }: ApiTarget): string {
  const lines = [`curl ${origin}/v1/chat/completions`, `-H 'content-type: application/json'`];
  if (signIn) lines.push(`-H "authorization: Bearer $LEXISCOPE_TOKEN"`);
  lines.push(`-d ${shellQuoted(JSON.stringify(body, null, 2))}`);
  return lines.join(" \\\n  ");
}

export function pythonText(body: Record<string, unknown>, { origin, signIn }: ApiTarget): string {
  const { steering, ...standard } = body;
  const given = Object.entries(standard).map(([name, value]) => `    ${name}=${python(value, 4)},`);
  const extra = steering === undefined ? [] : [`    extra_body={"steering": ${python(steering, 4)}},`];
  return [
    ...(signIn ? ["import os", ""] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${origin}/v1", api_key=${signIn ? 'os.environ["LEXISCOPE_TOKEN"]' : '"none"'})`,
    "answer = client.chat.completions.create(",
    ...given,
    ...extra,
    ")",
    "print(answer.choices[0].message.content)",
  ].join("\n");
}

/** JSON as a Python literal. JSON's string escapes mean the same in Python. */
function python(value: unknown, indent: number): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = " ".repeat(indent + 4);
  const [open, close, items] = Array.isArray(value)
    ? ["[", "]", value.map((item) => python(item, indent + 4))]
    : ["{", "}", Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${python(item, indent + 4)}`)];
  const line = `${open}${items.join(", ")}${close}`;
  if (line.length <= 72 && !line.includes("\n")) return line;
  return `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${" ".repeat(indent)}${close}`;
}
