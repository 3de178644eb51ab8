/** The id of a token's element. */
export function tokenId(index: number): string {
  return `token-${index}`;
}

/** Where an arrow key leads from token `at` (−1: nowhere yet): along the text, or to the nearest token of the line above or below. */
export function stepToken(field: Element, key: string, at: number, count: number): number | undefined {
  if (count === 0) return undefined;
  const clamp = (to: number): number => Math.min(count - 1, Math.max(0, to));
  const forward = field.getAttribute("dir") === "rtl" ? -1 : 1;
  switch (key) {
    case "ArrowRight":
      return clamp(at + forward);
    case "ArrowLeft":
      return clamp(at - forward);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    case "ArrowUp":
    case "ArrowDown":
      return at < 0 ? 0 : lineStep(key === "ArrowUp" ? -1 : 1, at, count);
    default:
      return undefined;
  }
}

function lineStep(step: 1 | -1, at: number, count: number): number {
  const boxOf = (i: number): DOMRect | undefined => document.getElementById(tokenId(i))?.getBoundingClientRect();
  const here = boxOf(at);
  if (!here) return at;
  let nearest = at;
  let best = Infinity;
  let line: number | undefined;
  for (let i = at + step; i >= 0 && i < count; i += step) {
    const box = boxOf(i);
    if (!box || Math.abs(box.top - here.top) < 4) continue;
    line ??= box.top;
    if (Math.abs(box.top - line) > 4) break;
    const distance = Math.abs(box.left + box.width / 2 - here.left - here.width / 2);
    if (distance < best) [best, nearest] = [distance, i];
  }
  return nearest;
}
