/** The screens in the order of the header, each with the letter that follows `g`. */
export const screens = [
  { path: "/atlas", name: "Atlas", letter: "a" },
  { path: "/inspect", name: "Inspect", letter: "i" },
  { path: "/chat", name: "Chat", letter: "c" },
  { path: "/lists", name: "Lists", letter: "l" },
  { path: "/runs", name: "Runs", letter: "r" },
  { path: "/learn", name: "Learn", letter: "h" },
] as const;

/** What stands under `?`. A screen with keys of its own adds a group. */
export const shortcuts: readonly { group: string; keys: readonly (readonly [keys: string, what: string])[] }[] = [
  {
    group: "Everywhere",
    keys: [
      ["/", "search features"],
      ["?", "these shortcuts"],
      ["Esc", "close what is open"],
      ...screens.map(({ name, letter }) => [`g ${letter}`, `go to ${name}`] as const),
    ],
  },
  {
    group: "List of features",
    keys: [
      ["↑ ↓", "move by a row"],
      ["PgUp PgDn", "move by a screenful"],
      ["Home End", "first, last"],
      ["Enter", "open the feature"],
      ["Space", "select the row"],
      ["Shift ↑ ↓", "select on the way"],
    ],
  },
  {
    group: "Feature",
    keys: [
      ["[ ]", "previous, next feature"],
      ["↑ ↓", "move between examples"],
      ["← →", "exact values along an example"],
      ["Enter", "whole context of an example"],
    ],
  },
  {
    group: "Inspect",
    keys: [
      ["Ctrl Enter", "read the text now"],
      ["← → ↑ ↓", "move between tokens and hold one"],
      ["Esc", "let the token go"],
    ],
  },
  {
    group: "Chat",
    keys: [
      ["Enter", "send"],
      ["Shift Enter", "a new line"],
      ["Esc", "stop the answer"],
      ["↑ ↓", "in a number: a step; with Shift, ten"],
      ["← →", "in the prompt’s tokens: where an edit begins"],
    ],
  },
  {
    group: "A list of your own",
    keys: [["Alt ↑ ↓", "move the member up or down"]],
  },
];
