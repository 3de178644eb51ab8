export { removeItem } from "./remove.ts";
export { describeHome, describeItem, diskUse, kindOfFolder, listShelves } from "./shelves.ts";
