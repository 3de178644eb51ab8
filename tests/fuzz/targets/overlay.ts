import { planImport } from "../../../packages/atlas/src/overlay-import.ts";
import { mutatedJson } from "../mutate-json.ts";
import type { FuzzTarget } from "../target.ts";

/** Exports of labels and lists that somebody imports. */
export async function overlay(): Promise<FuzzTarget> {
  const identity = "0".repeat(64);
  const time = "2026-01-01T00:00:00.000Z";
  const seed = JSON.stringify({
    kind: "lexiscope-labels",
    formatVersion: 1,
    dictionary: identity,
    atlas: "first",
    labels: [
      { feature: 1, name: "a name", note: "", updated: time },
      { feature: 2, name: "", note: "a note", updated: time },
    ],
    lists: [{ id: "00000000-0000-4000-8000-000000000000", name: "list", note: "", features: [1, 2, 2], updated: time }],
  });
  return {
    seeds: [new TextEncoder().encode(seed)],
    arbitrary: mutatedJson([seed]),
    read: async (input) => {
      let json: unknown;
      try {
        json = JSON.parse(new TextDecoder().decode(input));
      } catch {
        return; // the reader of the request's body says so
      }
      await planImport(json, { identity, features: 100, force: input.length % 2 === 0 });
    },
  };
}
