/**
 * GPT-2's byte alphabet: bytes 33–126, 161–172 and 174–255 stand for themselves, the other 68 for U+0100 onwards, in
 * order. So every byte is a visible character and a vocabulary is a list of strings.
 */
export const byteToChar: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174 ? byte : next++),
  );
})();

const charToByte: ReadonlyMap<string, number> = new Map(byteToChar.map((char, byte) => [char, byte]));

/** The bytes that a vocabulary entry stands for; an entry with a character outside the alphabet stands for its own UTF-8. */
export function alphabetToBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = charToByte.get(token.charAt(i));
    if (byte === undefined) return new TextEncoder().encode(token);
    bytes[i] = byte;
  }
  return bytes;
}
