import type { Example, FeatureDetail } from "@lexiscope/contract";
import { formatCount } from "@lexiscope/core";
import { share, short, signed } from "./numbers.ts";
import { clip, colors, document, element, text } from "./svg.ts";
import { tokenBlock, tokenGroup } from "./token-line.ts";

const width = 960;
const margin = 32;
const inner = width - 2 * margin;
/** Examples on the picture, and output tokens each way. */
const shownExamples = 10;
const shownOutputs = 8;

/** A feature as one picture: numbers, histogram, output tokens, examples, and at the foot what to cite. */
export function featureSvg(feature: FeatureDetail, citation: string): string {
  const body: string[] = [];
  const name = feature.label?.name;
  const title = name === undefined || name === "" ? `“${feature.word || feature.topToken}”` : name;
  body.push(text(margin, 54, clip(title, 70), { size: 24, weight: 600 }));
  body.push(text(margin, 78, clip(`${feature.id} · ${feature.site}`, 120), { fill: colors.quiet }));
  body.push(...numbers(feature, 118));
  body.push(...histogram(feature, margin, 176));
  body.push(...outputs("Makes more likely", feature.top, 400, 176), ...outputs("Makes less likely", feature.bottom, 690, 176));
  const [examples, bottom] = exampleLines(feature, 366);
  body.push(...examples);
  const foot = bottom + 28;
  body.push(element("line", { x1: margin, x2: width - margin, y1: foot - 18, y2: foot - 18, stroke: colors.line }));
  body.push(text(margin, foot, clip(citation, 150), { size: 11, fill: colors.quiet }));
  return document(width, foot + 24, `${title}, feature ${feature.id}`, body);
}

function numbers(feature: FeatureDetail, y: number): string[] {
  const cells = [
    ["density", share(feature.density)],
    ["tokens it fired on", formatCount(feature.fired)],
    ["maximum", short(feature.maximum)],
    ["mean when active", short(feature.mean)],
    ["largest output effect", short(feature.effect)],
  ] as const;
  return cells.flatMap(([label, value], i) => [
    text(margin + (i * inner) / cells.length, y, value, { size: 18, weight: 500 }),
    text(margin + (i * inner) / cells.length, y + 18, label, { size: 11, fill: colors.quiet }),
  ]);
}

/** Counts by activation, heights by the logarithm of one more than the count. */
function histogram({ histogram: { counts, width: bin }, maximum }: FeatureDetail, x: number, y: number): string[] {
  const [w, h] = [320, 120];
  const most = Math.log1p(Math.max(1, ...counts));
  const step = w / Math.max(1, counts.length);
  const base = y + 20 + h;
  return [
    text(x, y + 6, "Activations (logarithmic counts)", { size: 11, fill: colors.quiet }),
    ...counts.flatMap((count, i) => {
      const height = (h * Math.log1p(count)) / most;
      return count === 0
        ? []
        : [element("rect", { x: x + i * step, y: base - height, width: Math.max(0.5, step - 1), height, fill: colors.bar })];
    }),
    element("line", { x1: x, x2: x + w, y1: base, y2: base, stroke: colors.quiet, "stroke-width": 1 }),
    text(x, base + 16, "0", { size: 11, fill: colors.quiet }),
    text(x + w, base + 16, short(bin * counts.length || maximum), { size: 11, fill: colors.quiet, anchor: "end" }),
  ];
}

function outputs(label: string, tokens: FeatureDetail["top"], x: number, y: number): string[] {
  return [
    text(x, y + 6, label, { size: 11, fill: colors.quiet }),
    ...tokens
      .slice(0, shownOutputs)
      .flatMap((token, i) => [
        text(x, y + 30 + i * 19, clip(shown(token.text), 22), { size: 12, family: "mono" }),
        text(x + 238, y + 30 + i * 19, signed(token.value), { size: 11, fill: colors.quiet, anchor: "end" }),
      ]),
  ];
}

/** Nothing but spaces would look like no token at all. */
function shown(token: string): string {
  return /^ +$/.test(token) ? "␣".repeat(token.length) : token;
}

function exampleLines(feature: FeatureDetail, top: number): [svg: string[], bottom: number] {
  const svg: string[] = [text(margin, top, "Strongest examples", { size: 11, fill: colors.quiet })];
  const tokens: string[] = [];
  const strongest = feature.examples.filter(({ interval, repeat }) => interval === -1 && !repeat);
  const examples = (strongest.length > 0 ? strongest : feature.examples).slice(0, shownExamples);
  if (examples.length === 0) svg.push(text(margin, top + 26, "It never fired on the text of this atlas.", { fill: colors.quiet }));
  let y = top + 26;
  for (const example of examples) {
    svg.push(text(margin, y, short(example.activations[example.peak] ?? 0), { size: 11, fill: colors.quiet }));
    const block = tokenBlock(shadedTokens(example, feature.maximum), { x: margin + 52, y, width: inner - 52 });
    tokens.push(...block.svg);
    y += block.height + 10;
  }
  return [[...svg, tokenGroup(tokens)], examples.length === 0 ? y + 10 : y];
}

function shadedTokens({ tokens, activations, peak }: Example, maximum: number): { text: string; share: number; peak: boolean }[] {
  return tokens.map((token, i) => ({ text: token, share: maximum > 0 ? (activations[i] ?? 0) / maximum : 0, peak: i === peak }));
}
