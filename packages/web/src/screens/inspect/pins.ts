/** Most features that one request pins. */
export const mostPins = 64;

/** `pin` of the address: feature numbers, each once, in order; what is none is passed over. */
export function parsePins(text: string | null): number[] {
  const numbers = (text ?? "")
    .split(",")
    .filter((part) => /^\d{1,8}$/.test(part.trim()))
    .map(Number)
    .filter((index) => index < 2 ** 24);
  return [...new Set(numbers)].slice(0, mostPins);
}

/** The pins with one added in front, or taken away. */
export function togglePin(pins: readonly number[], index: number): number[] {
  return pins.includes(index) ? pins.filter((pin) => pin !== index) : [index, ...pins].slice(0, mostPins);
}

export function formatPins(pins: readonly number[]): string | null {
  return pins.length === 0 ? null : pins.join(",");
}
