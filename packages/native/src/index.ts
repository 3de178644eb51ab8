export type * from "./addon-index-types.ts";
export type * from "./addon-trainer-types.ts";
export type * from "./addon-types.ts";
export { loadAddon } from "./load.ts";
export { withTask } from "./task.ts";
