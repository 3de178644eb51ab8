export { startHub } from "./hub-server.ts";
