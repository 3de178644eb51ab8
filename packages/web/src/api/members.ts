import type { MembersInput } from "@lexiscope/contract";

/** Members after a change: removed ones gone, new ones at the end, none twice. */
export function withMembers(features: readonly number[], { add = [], remove = [] }: MembersInput): number[] {
  const gone = new Set(remove);
  return [...new Set([...features, ...add])].filter((feature) => !gone.has(feature));
}

/** The members with the one at `from` moved by `by` places, held within the list. */
export function moved(features: readonly number[], from: number, by: number): number[] {
  const to = Math.max(0, Math.min(features.length - 1, from + by));
  const rest = features.filter((_, i) => i !== from);
  return [...rest.slice(0, to), ...features.slice(from, from + 1), ...rest.slice(to)];
}
