export { visibleToken } from "./token-text.ts";

/** Numbers as the page shows them: three significant digits, thin words for large counts. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6))
    return value.toExponential(Math.max(0, digits - 1)).replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** `1,234,567`. By hand: the first use of Intl loads its tables, 40 ms in which the page stands still. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** Three significant digits of a large amount or a rate, as the command line takes them: `1.5M`, `300k`. */
export function formatShort(value: number): string {
  for (const [suffix, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const)
    if (Math.abs(value) >= size) return `${formatNumber(value / size)}${suffix}`;
  return formatNumber(value);
}

/** A share as a percentage; very small ones as "1 in n". */
export function formatShare(value: number): string {
  if (value === 0) return "0 %";
  if (value < 1e-5) return `1 in ${formatCount(1 / value)}`;
  return `${formatNumber(100 * value, 3)} %`;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${formatNumber(bytes / 1000 ** power)} ${units[power]}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${formatNumber(seconds / 3600)} h`;
}
