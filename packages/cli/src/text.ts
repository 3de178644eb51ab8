export { formatCount } from "@lexiscope/core";

/** 0.34 → `0.3 s`, 75 → `1 min 15 s`, 7300 → `2 h 2 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Lines with their columns padded; numbers (right-aligned columns) named by index. */
export function formatTable(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, visibleLength(cell))));
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const pad = " ".repeat((widths[i] ?? 0) - visibleLength(cell));
          return right.includes(i) ? pad + cell : cell + pad;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

// eslint-disable-next-line no-control-regex -- the escape character is what colours begin with
const escapes = /\x1b\[[0-9;]*m/g;

function visibleLength(text: string): number {
  return text.replace(escapes, "").length;
}
