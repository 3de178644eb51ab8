/** The name that an artefact gets when the user gives none: the same command finds it again. */
export function artefactName(model: string, sites: readonly string[], tokens: number): string {
  const places = sites.map((site) =>
    site.replace(/^blocks\.(\d+)\.hook_(\w+)$/, (_, layer: string, kind: string) => `${layer}-${kind.replaceAll("_", "-")}`),
  );
  return `${safeName(model)}-${places.join("+")}-${shortCount(tokens)}`;
}

/** 300000 → `300k`, 1500 → `1500`. */
export function shortCount(value: number): string {
  for (const [suffix, size] of [
    ["g", 1e9],
    ["m", 1e6],
    ["k", 1e3],
  ] as const)
    if (value >= size && value % size === 0) return `${value / size}${suffix}`;
  return String(value);
}

/** The last part of a path or name, in characters that every file system takes. */
export function safeName(name: string): string {
  const last = name.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  const safe = last
    .replace(/\.gguf$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[-.]+/, "");
  return safe === "" ? "model" : safe;
}
