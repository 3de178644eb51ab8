import type { Problem } from "@lexiscope/contract";

/** What the outside hears of an error that is none of Lexiscope's own: nothing of the machine's inside. */
export const internalFault = {
  code: "internal",
  message: "a fault of Lexiscope's own",
  hint: "the server's log says more; please report it with what you asked for",
} as const satisfies Problem["error"];
