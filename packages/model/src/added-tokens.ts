import type { AddedTokenJson } from "./tokenizer-json.ts";

/** A piece of text, or an added token that stood in it. */
export type Piece = string | AddedTokenJson;

interface TrieNode {
  next: Map<string, TrieNode>;
  token?: AddedTokenJson;
}

const wordChar = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]/u;

/** Cuts text at added tokens, leftmost and longest first, with their `single_word`, `lstrip` and `rstrip` rules. */
export function addedTokenSplitter(tokens: readonly AddedTokenJson[]): (text: string) => Piece[] {
  if (tokens.length === 0) return (text) => (text === "" ? [] : [text]);
  const root: TrieNode = { next: new Map() };
  for (const token of tokens) insert(root, token);
  return function splitAtAddedTokens(text) {
    const pieces: Piece[] = [];
    let start = 0;
    for (let at = 0; at < text.length;) {
      const token = longest(root, text, at);
      const end = at + (token?.content.length ?? 0);
      if (!token || (token.single_word && (isWord(text, at, -1) || isWord(text, end, 1)))) {
        at++;
        continue;
      }
      const left = text.slice(start, at);
      const kept = token.lstrip ? left.replace(/\p{White_Space}+$/u, "") : left;
      if (kept !== "") pieces.push(kept);
      pieces.push(token);
      start = at = token.rstrip ? end + (/^\p{White_Space}+/u.exec(text.slice(end))?.[0].length ?? 0) : end;
    }
    if (start < text.length) pieces.push(text.slice(start));
    return pieces;
  };
}

function insert(root: TrieNode, token: AddedTokenJson): void {
  let node = root;
  for (let i = 0; i < token.content.length; i++) {
    const char = token.content.charAt(i);
    let next = node.next.get(char);
    if (!next) node.next.set(char, (next = { next: new Map() }));
    node = next;
  }
  node.token = token;
}

function longest(root: TrieNode, text: string, at: number): AddedTokenJson | undefined {
  let found: AddedTokenJson | undefined;
  let node = root.next.get(text.charAt(at));
  for (let i = at + 1; node; i++) {
    found = node.token ?? found;
    node = i < text.length ? node.next.get(text.charAt(i)) : undefined;
  }
  return found;
}

function isWord(text: string, at: number, direction: -1 | 1): boolean {
  const code =
    direction === 1 ? text.codePointAt(at) : (text.codePointAt(at - 2) ?? 0) > 0xffff ? text.codePointAt(at - 2) : text.codePointAt(at - 1);
  return code !== undefined && wordChar.test(String.fromCodePoint(code));
}
