import fc from "fast-check";
import { mutatedBytes } from "./mutate-bytes.ts";

const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

/** What stands where something else was expected: wrong types, extremes, what is no number, names of JavaScript's own, depth. */
const nasty: readonly string[] = [
  "null true false 0 -0 -1 1 2 0.5 7 1e308 1e400 -1e400 1e-400 9007199254740993 4194303 4194304 4294967295 2147483648 18446744073709551616".split(
    " ",
  ),
  ["NaN", "Infinity", "", "[]", "{}", "[[]]", "[{}]", "[null]", '{"":null}', '{"__proto__":{"a":1}}', '{"length":4294967295}'],
  [
    '""',
    '"a"',
    '" "',
    '"\\ud800"',
    '"\\udc00a"',
    '"\\u0000"',
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"../../x"',
    '"/"',
    '"NaN"',
    '"1e9"',
  ],
  [
    '"(a+)+$"',
    '"(?:a|a)*b"',
    '"(.*)*x"',
    '"["',
    '"\\\\p{L}+"',
    '"(?<n>a)"',
    '"\\\\"',
    '"{{ x }}"',
    '"{% for i in range(9) %}"',
    '"BF16"',
    '"F64"',
  ],
  [`"${"a".repeat(3000)}"`, `"${"é😀".repeat(500)}"`, `[${"0,".repeat(999)}0]`, `[${'"a",'.repeat(999)}"b"]`],
  [nested("[", "]", 200), nested("[", "]", 20_000), `${nested('{"a":', "", 3000)}1${"}".repeat(3000)}`],
  ['{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}', '{"type":"Replace","pattern":{"Regex":"(a|a)+$"},"content":"aa"}'],
].flat();

interface Change {
  kind: "replace" | "repeat" | "remove" | "swap" | "rename";
  at: number;
  to: number;
}
const place = fc.noBias(fc.integer({ min: 0, max: 0xfffff }));
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("replace", "replace", "replace", "repeat", "remove", "swap", "rename"),
  at: place,
  to: place,
});

/** JSON texts with values replaced, repeated (so that keys occur twice), removed, swapped; a tenth also with broken bytes. */
export function mutatedJson(seeds: readonly string[]): fc.Arbitrary<Uint8Array> {
  const structured = fc
    .tuple(fc.nat({ max: seeds.length - 1 }), fc.array(change, { maxLength: 4 }))
    .map(([seed, changes]) => changes.reduce(applyChange, seeds[seed] ?? ""));
  const bytes = seeds.map((text) => new TextEncoder().encode(text));
  return fc.oneof(
    { weight: 9, arbitrary: structured.map((text) => new TextEncoder().encode(text)) },
    { weight: 1, arbitrary: mutatedBytes(bytes) },
  );
}

function applyChange(text: string, { kind, at, to }: Change): string {
  const spans = valueSpans(text);
  const span = spans[at % Math.max(1, spans.length)];
  if (!span) return text;
  const [from, end, keyFrom] = span;
  const put = (a: number, b: number, what: string): string => text.slice(0, a) + what + text.slice(b);
  switch (kind) {
    case "replace":
      return put(from, end, nasty[to % nasty.length] ?? "null");
    case "repeat":
      return put(keyFrom, end, `${text.slice(keyFrom, end)},${text.slice(keyFrom, end)}`);
    case "remove":
      return put(keyFrom, /^\s*,/.test(text.slice(end, end + 8)) ? text.indexOf(",", end) + 1 : end, "");
    case "swap": {
      const other = spans[to % spans.length];
      return other ? put(from, end, text.slice(other[0], other[1])) : text;
    }
    case "rename":
    default: {
      const other = spans[to % spans.length];
      return keyFrom < from && other && other[2] < other[0] ? put(keyFrom, from, text.slice(other[2], other[0])) : text;
    }
  }
}

/** [start, end, start with the key] of every value in a text that is mostly JSON. Scans without recursion. */
function valueSpans(text: string): [number, number, number][] {
  const spans: [number, number, number][] = [];
  const open: [from: number, key: number][] = [];
  let key = -1;
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:\s*)?|[[{\]}]|[^\s",:[\]{}]+/g)) {
    const [token, colon] = match;
    if (token === "[" || token === "{") {
      open.push([match.index, key < 0 ? match.index : key]);
      key = -1;
    } else if (token === "]" || token === "}") {
      const [from, keyFrom] = open.pop() ?? [match.index, match.index];
      spans.push([from, match.index + 1, keyFrom]);
      key = -1;
    } else if (colon !== undefined) key = match.index;
    else {
      spans.push([match.index, match.index + token.length, key < 0 ? match.index : key]);
      key = -1;
    }
  }
  return spans;
}
