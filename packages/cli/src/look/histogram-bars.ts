const blocks = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** Counts as a line of blocks. Heights are log(1 + count), so that a few strong tokens stay visible; any count > 0 shows. */
export function histogramBars(counts: readonly number[]): string {
  const most = Math.log1p(Math.max(0, ...counts));
  return counts.map((count) => (count > 0 ? blocks[Math.max(1, Math.round((Math.log1p(count) / most) * 8))] : " ")).join("");
}
