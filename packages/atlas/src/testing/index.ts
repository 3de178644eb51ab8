export { writeSyntheticAtlas, type SyntheticAtlasOptions } from "./synthetic-atlas.ts";
