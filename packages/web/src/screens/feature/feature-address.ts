/** Features that a dictionary can have; what the server takes. */
const most = 2 ** 24;

/** A feature's number from an address; undefined when it is none. */
export function parseFeature(text: string): number | undefined {
  if (!/^\d{1,8}$/.test(text)) return undefined;
  const index = Number(text);
  return index < most ? index : undefined;
}

/** The feature beside this one, within the dictionary. */
export function stepFeature(index: number, step: -1 | 1, features: number | undefined): number | undefined {
  const to = index + step;
  return to < 0 || to >= (features ?? most) ? undefined : to;
}

export function featureHref(atlas: string, index: number): string {
  return `/atlas/${encodeURIComponent(atlas)}/${index}`;
}
