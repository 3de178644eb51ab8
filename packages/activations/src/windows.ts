import type { Tokenizer } from "@lexiscope/model";

export interface Window {
  /** Offset of its first token of text in the document's tokens. */
  start: number;
  tokens: Int32Array;
}

/** Characters that are tokenised at a time: a book of many megabytes is read only as far as the budget reaches. */
const pieceSize = 65_536;

/** What is left of a longer document after its last whole window is kept from this many tokens on. */
const minTail = 16;

/**
 * Returns a function that cuts a document into windows of `context` tokens, without overlap. It reads piece by piece:
 * each step tokenises one and gives the windows that it fills, maybe none; what it returns at the end are the last ones.
 * Tokens that the tokenizer's configuration puts first (BOS) stand first in every window.
 */
export function createWindower(tokenizer: Tokenizer, context: number): (text: string, rendered: boolean) => Generator<Window[], Window[]> {
  const sample = tokenizer.encode("a");
  const prefix = sample.slice(
    0,
    Math.min(
      Math.max(
        0,
        sample.findIndex((id) => !tokenizer.specialIds.has(id)),
      ),
      context - 1,
    ),
  );
  return function* windowsOf(text, rendered) {
    let ids: number[] = []; // tokens from `start` on, which stand in no window yet
    let start = 0;
    let own: readonly number[] | undefined;
    let read = 0;
    for (const piece of pieces(text)) {
      for (const id of tokenizer.encode(piece, { literal: !rendered, addSpecial: false })) ids.push(id);
      read += piece.length;
      own ??= prefix.length > 0 && prefix.every((id, i) => ids[i] === id) ? [] : [...prefix];
      const width = context - own.length;
      const windows: Window[] = [];
      let at = 0;
      for (; at < ids.length; at += width) {
        const part = ids.slice(at, at + width);
        if (part.length < width && read < text.length) break; // the next piece fills it
        if (own.length + part.length < 2 || (start + at > 0 && part.length < Math.min(minTail, width))) break;
        windows.push({ start: start + at, tokens: Int32Array.from([...own, ...part]) });
      }
      if (read >= text.length) return windows;
      ids = ids.slice(at);
      start += at;
      yield windows;
    }
    return [];
  };
}

/** The text in pieces that end after a line or, failing that, a space. */
function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + pieceSize, text.length);
    if (end < text.length) {
      const line = text.lastIndexOf("\n", end - 1) + 1;
      const space = text.lastIndexOf(" ", end - 1);
      end = line > at + pieceSize / 2 ? line : space > at ? space : end;
      const code = text.charCodeAt(end - 1);
      if (code >= 0xd800 && code <= 0xdbff) end++; // never between the halves of a character
    }
    yield text.slice(at, end);
    at = end;
  }
}
