import type { Label } from "@lexiscope/contract";

/** The rows with one feature's name replaced. */
export function withName<T extends { index: number; name: string | null }>(rows: readonly T[], feature: number, name: string | null): T[] {
  return rows.map((row) => (row.index === feature ? { ...row, name } : row));
}

/** The labels with one replaced, added or (null) removed. */
export function withLabel(labels: readonly Label[], feature: number, label: Label | null): Label[] {
  if (label === null) return labels.filter((each) => each.feature !== feature);
  return labels.some((each) => each.feature === feature)
    ? labels.map((each) => (each.feature === feature ? label : each))
    : [...labels, label];
}
