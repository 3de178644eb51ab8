export { tinyTexts, writeTinyModel } from "./tiny-model.ts";
export { writeStore, type StoreToWrite } from "./write-store.ts";
export { temporaryFolder } from "./temporary-folder.ts";
export { mountSmallDisk } from "./mount.ts";
export { memorySource } from "./memory-source.ts";
export { harvestForTests } from "./harvest-options.ts";
