export { describeHome, describeItem, diskUse, kindOfFolder, listShelves } from "./shelves.ts";
