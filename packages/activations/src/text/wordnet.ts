/** WordNet's data files as a dictionary in prose: `dog, domestic dog: a member of the genus Canis …`. */

/** One line of a data file (wndb(5WN)): words and gloss; undefined for the licence at the top. */
export function parseSynset(line: string): { words: string[]; gloss: string } | undefined {
  const bar = line.indexOf(" | ");
  if (line.startsWith("  ") || bar < 0) return undefined;
  const fields = line.slice(0, bar).split(" ");
  const count = Number.parseInt(fields[3] ?? "", 16);
  if (!(count > 0)) return undefined;
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const word = fields[4 + 2 * i];
    if (word) words.push(word.replace(/\((?:a|p|ip)\)$/, "").replaceAll("_", " "));
  }
  return { words, gloss: line.slice(bar + 3).trim() };
}

/** Entries in file order, where related meanings stand together, joined to documents of about `size` characters. */
export function wordnetDocuments(data: string, size: number): string[] {
  const documents: string[] = [];
  let current = "";
  for (const line of data.split("\n")) {
    const synset = parseSynset(line);
    if (!synset) continue;
    const entry = `${synset.words.join(", ")}: ${synset.gloss}`;
    if (current !== "" && current.length + entry.length > size) {
      documents.push(current);
      current = "";
    }
    current = current === "" ? entry : `${current}\n${entry}`;
  }
  if (current !== "") documents.push(current);
  return documents;
}
