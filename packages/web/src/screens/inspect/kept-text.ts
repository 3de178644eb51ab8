/** Longest text that the address carries; browsers and chats cut longer ones. */
export const addressLimit = 2000;

const key = "lexiscope.inspect.text";

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The text to inspect: the address's own, else the one that this tab had last. */
export function readText(address: string | null, storage: Kept = sessionStorage): string {
  return address ?? storage.getItem(key) ?? "";
}

/** Keeps the text for this tab; returns what the address carries: the text, or null when it is empty or too long. */
export function keepText(text: string, storage: Kept = sessionStorage): string | null {
  try {
    if (text === "") storage.removeItem(key);
    else storage.setItem(key, text);
  } catch {
    storage.removeItem(key); // more than the browser keeps: the text lives as long as the screen
  }
  return text === "" || text.length > addressLimit ? null : text;
}
