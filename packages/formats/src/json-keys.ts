/**
 * The first key that an object in this JSON text has twice, as a path of keys; `JSON.parse` would keep the last one
 * silently. The text must already be valid JSON.
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: ({ keys: Set<string>; key: string } | undefined)[] = []; // undefined: an array
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;
  for (const match of json.matchAll(token)) {
    const text = match[0];
    if (text === "{") open.push({ keys: new Set(), key: "" });
    else if (text === "[") open.push(undefined);
    else if (text === "}" || text === "]") open.pop();
    else if (match[1] !== undefined) {
      const object = open.at(-1);
      if (!object) continue;
      object.key = JSON.parse(text.slice(0, text.length - match[1].length)) as string;
      if (object.keys.has(object.key)) return open.flatMap((level) => (level ? [level.key] : [])).join(".");
      object.keys.add(object.key);
    }
  }
  return undefined;
}
