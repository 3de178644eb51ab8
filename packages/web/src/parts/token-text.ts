/** Invisible or direction-changing characters, shown by their code point. */
const hidden =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e01ef}]|\u034f|\u17b4|\u17b5|\u180b|\u180c|\u180d|\u180f/gu;
/** Marks stacked on one letter beyond what any script writes: they would paint over the lines above and below. */
const pile = /(\p{M}{3})(\p{M}{2,})/gu;
/** Longer runs of spaces are counted, not drawn. */
const longestGap = 12;
const gaps = new RegExp(`[ \\u00a0\\u2000-\\u200a\\u3000]{${longestGap + 1},}`, "gu");

/** A token as a reader can see it: line breaks, tabs and invisible characters as signs, the space in front kept. */
export function visibleToken(text: string): string {
  return text
    .replaceAll("\n", "⏎")
    .replaceAll("\t", "⇥")
    .replaceAll("\r", "␍")
    .replace(hidden, (sign) => `⟨${(sign.codePointAt(0) ?? 0).toString(16)}⟩`)
    .replace(/^\p{M}/u, "◌$&")
    .replace(pile, (_, kept: string, more: string) => `${kept}⟨+${more.match(/\p{M}/gu)?.length ?? 0} marks⟩`)
    .replace(gaps, (run) => ` ⟨${run.length} spaces⟩ `);
}

/** Whether a token is bytes of a character that other tokens complete, written `\xE2\x80`. */
export function isBytes(text: string): boolean {
  return /^ ?(?:\\x[0-9A-F]{2})+$/.test(text);
}

/** A token for a list, where its outer spaces must be seen: `␣fiscal`. */
export function tokenParts(text: string): { before: string; core: string; after: string } {
  const [, before = "", core = "", after = ""] = /^( {0,12})([\s\S]*?)( {0,12})$/.exec(text) ?? [];
  return { before: "␣".repeat(before.length), core: visibleToken(core), after: "␣".repeat(after.length) };
}

/** A token within a sentence about it: quoted, spaces seen. */
export function quotedToken(text: string): string {
  const { before, core, after } = tokenParts(text);
  return `‘${before}${core}${after}’`;
}

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/gu;

/** The direction in which a text's tokens follow each other: that of most of its letters. The browser cannot tell, since each token is isolated. */
export function textDirection(texts: readonly string[]): "ltr" | "rtl" {
  const text = texts.join("");
  const turned = text.match(rightToLeft)?.length ?? 0;
  return turned > 0 && 2 * turned > (text.match(/\p{L}/gu)?.length ?? 0) ? "rtl" : "ltr";
}
