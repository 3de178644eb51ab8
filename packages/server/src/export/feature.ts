import { basename } from "node:path";
import { type Atlas, atlasIdentity, type ExampleWindow, type Overlay } from "@lexiscope/atlas";
import type { FeatureDetail } from "@lexiscope/contract";
import { version } from "@lexiscope/core";
import { featureDetail } from "../features/detail.ts";
import { toCsv } from "./csv.ts";
import { featureSvg } from "./feature-svg.ts";
import { contentTypes, type ExportFormat, type ExportedFile, fileName } from "./file.ts";
import { toPng } from "./png.ts";

export interface ExportFeatureOptions {
  atlas: Atlas;
  feature: number;
  format: ExportFormat;
  /** What the atlas is called; its folder's name unless told otherwise. */
  name?: string | undefined;
  /** For people's own name and note of the feature. */
  overlay?: Overlay | undefined;
  /** Tokens around the peaks; pictures show what fits two lines. */
  window?: ExampleWindow | undefined;
  signal?: AbortSignal | undefined;
}

const usualWindow: ExampleWindow = { before: 24, after: 16 };
/** About two lines of a picture, the peak in the first. */
const pictureWindow: ExampleWindow = { before: 18, after: 14 };

/** A feature as a file: everything as JSON, its examples as CSV, or a picture of it. */
export async function exportFeature(options: ExportFeatureOptions): Promise<ExportedFile> {
  const { atlas, feature, format, overlay, signal, name: id = basename(atlas.path) } = options;
  const picture = format === "svg" || format === "png";
  const window = options.window ?? (picture ? pictureWindow : usualWindow);
  const detail = await featureDetail({ id, atlas, overlay, feature, window });
  const citation = cite(atlas, detail.id);
  const body = async (): Promise<ExportedFile["body"]> => {
    if (format === "json") return `${JSON.stringify({ kind: "lexiscope-feature", ...source(atlas), ...detail }, null, 2)}\n`;
    if (format === "csv") return examplesCsv(detail);
    const svg = featureSvg(detail, citation);
    return format === "svg" ? svg : toPng(svg, signal);
  };
  return { filename: fileName([id, feature], format), contentType: contentTypes[format], body: await body() };
}

/** Where numbers come from, as files say it. */
export function source(atlas: Atlas): { dictionarySha256: string; model: string; software: string } {
  return { dictionarySha256: atlasIdentity(atlas.manifest), model: atlas.manifest.dictionary.model.name, software: `lexiscope ${version}` };
}

/** The line at the foot of a picture: what to cite, and the hash that says which dictionary it is. */
export function cite(atlas: Atlas, id: string): string {
  const { dictionarySha256, model, software } = source(atlas);
  return `${id} · ${model} · dictionary sha256 ${dictionarySha256} · ${software}`;
}

function examplesCsv(feature: FeatureDetail): string {
  const header = ["feature", "example", "interval", "repeat", "document", "position", "activation", "peak", "text"];
  return toCsv(
    header,
    feature.examples.map(({ n, interval, repeat, document, start, from, peak, tokens, activations }) => [
      feature.id,
      n,
      interval === -1 ? "strongest" : interval,
      repeat,
      document,
      start + from + peak,
      activations[peak] ?? 0,
      tokens[peak] ?? "",
      tokens.join(""),
    ]),
  );
}
