import type { SearchResponse } from "@lexiscope/contract";

export interface SearchOption {
  key: string;
  href: string;
  /** Number within its atlas; null for the way to all hits. */
  index: number | null;
  title: string;
  detail: string;
}

/** What the search box offers: the feature whose number was typed, the hits, the way to all of them. */
export function searchOptions(text: string, atlas: string | undefined, results: SearchResponse["results"]): SearchOption[] {
  const query = text.trim();
  if (query === "") return [];
  const options: SearchOption[] = [];
  const cited = /^(?:(.+)\/)?#?(\d{1,8})$/.exec(query);
  const home = cited?.[1] ?? atlas;
  if (cited && home !== undefined)
    options.push({
      key: "number",
      href: `/atlas/${encodeURIComponent(home)}/${Number(cited[2])}`,
      index: Number(cited[2]),
      title: "go to this feature",
      detail: `${home}/${Number(cited[2])}`,
    });
  for (const { atlas: of, index, name, word, topToken, where } of results)
    options.push({
      key: `${of}/${index}`,
      href: `/atlas/${encodeURIComponent(of)}/${index}`,
      index,
      title: name ?? (word === "" ? topToken : word),
      detail: where.length > 0 ? `in ${where.slice(0, 2).join(", ")}` : "",
    });
  if (atlas !== undefined)
    options.push({
      key: "all",
      href: `/atlas/${encodeURIComponent(atlas)}?q=${encodeURIComponent(query)}`,
      index: null,
      title: `All hits for “${query}”`,
      detail: "",
    });
  return options;
}
