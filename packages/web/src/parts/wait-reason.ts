import type { ModelEntry } from "@lexiscope/contract";

/** Why an answer of a model is not there yet, as far as the list of models tells. */
export function waitReason(models: readonly Pick<ModelEntry, "name" | "state" | "waiting">[]): string {
  const opening = models.find(({ state }) => state === "opening");
  if (opening) return `${opening.name} is being opened: a few seconds, once …`;
  const waiting = Math.max(0, ...models.map((model) => model.waiting));
  if (waiting > 0) return `Waiting for ${waiting === 1 ? "one other request" : `${waiting} other requests`} …`;
  return "The model is reading …";
}
