/** 950 → `950`, 16384 → `16.4k`, 1.2e6 → `1.2M`; small fractions keep three digits. */
export function formatCount(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9)}G`;
  if (size >= 1e6) return `${trim(value / 1e6)}M`;
  if (size >= 1e4) return `${trim(value / 1e3)}k`;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

function trim(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}
