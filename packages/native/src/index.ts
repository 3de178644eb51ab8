export type * from "./addon-types.ts";
export { loadAddon } from "./load.ts";
export { withTask } from "./task.ts";
