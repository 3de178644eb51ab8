/** Text of a token or a line that shows itself and does nothing to the terminal: control characters are written out. */
export function visibleText(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Zl}|\p{Zp}|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (c) =>
    c === "\n" ? "↵" : c === "\t" ? "→" : escaped(c),
  );
}

/** As {@link visibleText}, for running text: line breaks and tabs stay. */
export function safeText(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (c) => (c === "\n" || c === "\t" ? c : escaped(c)));
}

function escaped(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
