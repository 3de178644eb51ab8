import { screens } from "./screens.ts";

export type KeyAction = { type: "go"; path: string } | { type: "search" } | { type: "help" };

/** Milliseconds within which the letter follows `g`. */
const patience = 1200;

/** Reads keys one at a time; `g` then a letter is a sequence. Returns what a key asks for, if anything. */
export function keyReader(): (key: string, at: number) => KeyAction | undefined {
  let leader = -Infinity;
  return (key, at) => {
    const follows = at - leader <= patience;
    leader = -Infinity;
    if (follows) {
      const screen = screens.find(({ letter }) => letter === key);
      if (screen) return { type: "go", path: screen.path };
    }
    if (key === "g") leader = at;
    if (key === "/") return { type: "search" };
    if (key === "?") return { type: "help" };
    return undefined;
  };
}

/** Whether a key is meant for what holds the focus: a field that takes text. */
export function typesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "range", "button", "submit", "file"].includes(target.type);
}
