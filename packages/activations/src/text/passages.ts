/**
 * Cuts a long text into passages of about `size` characters, at paragraph ends where there are some, else at sentence
 * ends, so that a small token budget still sees many places of a work.
 */
export function passages(text: string, size: number): string[] {
  const pieces = text.split(/\n\s*\n/).flatMap((paragraph) => splitLong(paragraph.trim(), size));
  const out: string[] = [];
  let current = "";
  for (const piece of pieces) {
    if (piece === "") continue;
    if (current !== "" && current.length + piece.length > size) {
      out.push(current);
      current = "";
    }
    current = current === "" ? piece : `${current}\n\n${piece}`;
  }
  if (current !== "") out.push(current);
  return out;
}

/** A paragraph longer than `size`, cut after sentences; a sentence is never cut. */
function splitLong(paragraph: string, size: number): string[] {
  if (paragraph.length <= size) return [paragraph];
  const out: string[] = [];
  let current = "";
  for (const sentence of paragraph.match(/[\s\S]*?(?:[.!?]["')\]]*\s+|$)/g) ?? [paragraph]) {
    if (current !== "" && current.length + sentence.length > size) {
      out.push(current.trim());
      current = "";
    }
    current += sentence;
  }
  if (current.trim() !== "") out.push(current.trim());
  return out;
}
