export { flopsPerToken } from "./model-rows.ts";
export { median, time, type Timed } from "./timing.ts";
export { randomDictionary } from "./random-dictionary.ts";
