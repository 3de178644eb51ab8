/** 0.01234 → `1.23 %`; small shares keep two digits. */
export function share(value: number): string {
  const percent = value * 100;
  return `${percent === 0 ? "0" : percent >= 1 ? percent.toFixed(2) : Number(percent.toPrecision(2))} %`;
}

/** Three or four digits, as many as tell something. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

/** With its sign, two places: `+1.70`, `−0.25`. */
export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}
