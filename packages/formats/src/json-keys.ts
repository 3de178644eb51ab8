/**
 * The first key that an object in this JSON text has twice, as a path of keys; `JSON.parse` would keep the last one
 * silently. The text must already be valid JSON. Reads character by character: a regular expression runs out of its stack
 * on a string of some megabytes.
 */
export function findDuplicateKey(json: string): string | undefined {
  const open: ({ keys: Set<string>; key: string } | undefined)[] = []; // undefined: an array
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === brace) open.push({ keys: new Set(), key: "" });
    else if (char === bracket) open.push(undefined);
    else if (char === brace + 2 || char === bracket + 2) open.pop();
    else if (char === quote) {
      const end = endOfString(json, at);
      const object = open.at(-1);
      if (object && isKey(json, end)) {
        object.key = JSON.parse(json.slice(at, end)) as string;
        if (object.keys.has(object.key)) return open.flatMap((level) => (level ? [level.key] : [])).join(".");
        object.keys.add(object.key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

const [quote, bracket, backslash, colon, brace] = [0x22, 0x5b, 0x5c, 0x3a, 0x7b];

/** The place after the closing quote of the string that begins at `at`. */
function endOfString(json: string, at: number): number {
  for (let end = json.indexOf('"', at + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let first = end;
    while (json.charCodeAt(first - 1) === backslash) first--;
    if ((end - first) % 2 === 0) return end + 1;
  }
  return json.length;
}

function isKey(json: string, at: number): boolean {
  while (json.charCodeAt(at) <= 0x20) at++;
  return json.charCodeAt(at) === colon;
}
