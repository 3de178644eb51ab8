import { expect, test } from "vitest";
import { parseHubRef } from "./ref.ts";

test.each([
  ["org/name", { repo: "org/name" }],
  ["gpt2", { repo: "gpt2" }],
  ["org/name@refs/pr/1", { repo: "org/name", revision: "refs/pr/1" }],
  ["org/Na.me_2-b:Q4_K_M", { repo: "org/Na.me_2-b", quant: "Q4_K_M" }],
  ["org/name@v1.0:Q8_0", { repo: "org/name", revision: "v1.0", quant: "Q8_0" }],
  ["org/name/a b/file.Q8_0.gguf@main", { repo: "org/name", file: "a b/file.Q8_0.gguf", revision: "main" }],
])("%s", (ref, expected) => {
  expect(parseHubRef(ref)).toEqual({ revision: undefined, file: undefined, quant: undefined, ...expected });
});

test.each([
  "",
  ".",
  "./x",
  "../x",
  "/org/name",
  "org/",
  "org/..",
  "a/b/c",
  "dir/file.gguf",
  "org/name/../x.gguf",
  "org/name//x.gguf",
  "org\\name",
  "org/name@",
  "org/name@../x",
  "org/name@/x",
  "org/a--b",
  "org/n/f.gguf:Q8_0",
  "-o/name",
  "a\0b",
  `org/${"n".repeat(600)}`,
])("%j is no name on a hub", (ref) => expect(parseHubRef(ref)).toBeUndefined());
