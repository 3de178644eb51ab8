import type { Label } from "@lexiscope/contract";

/** Labels that hold every one of the words, or have that number; the latest change first. */
export function filterLabels(labels: readonly Label[], text: string): Label[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return labels
    .filter(({ feature, name, note }) => {
      const held = `${feature} ${name} ${note}`.toLowerCase();
      return words.every((word) => held.includes(word));
    })
    .sort((a, b) => b.updated.localeCompare(a.updated) || a.feature - b.feature);
}

/** `2026-03-01T…` as a reader's own date; what is no date stays. */
export function formatDate(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}
