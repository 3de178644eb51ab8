/** Where a key leads from token `at` of a prompt of `length` tokens; the place after the last one is the answer. Undefined for other keys. */
export function stepPosition(key: string, at: number, length: number): number | undefined {
  const to = {
    ArrowRight: at + 1,
    ArrowDown: at + 1,
    ArrowLeft: at - 1,
    ArrowUp: at - 1,
    PageDown: at + 10,
    PageUp: at - 10,
    Home: 0,
    End: length,
  }[key];
  return to === undefined ? undefined : Math.max(0, Math.min(length, to));
}
