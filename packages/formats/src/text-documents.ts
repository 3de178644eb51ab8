/** How one text becomes documents. */
export type TextSplit = "file" | "line" | "block" | { separator: string };

/**
 * Cuts a text into documents: the whole file, one a line, one a block (blank lines between), or at a separator.
 * Documents of white space only are left out; line ends inside are kept as they are.
 */
export function splitText(text: string, split: TextSplit): string[] {
  const parts =
    split === "file" ? [text] : text.split(split === "line" ? /\r\n|\n|\r/ : split === "block" ? /(?:\r?\n[ \t]*){2,}/ : split.separator);
  return parts.filter((part) => part.trim() !== "");
}
