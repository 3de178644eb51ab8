import type { FeatureResult } from "@lexiscope/contract";
import type { Colors } from "../colors.ts";
import { formatCount } from "../text.ts";
import { histogramBars } from "./histogram-bars.ts";
import { shadedText, windowAround } from "./shaded-text.ts";
import { visibleText } from "./visible-text.ts";

export interface FeatureViewOptions {
  colors: Colors;
  /** Intervals that the atlas divides (0, maximum] into. */
  intervals: number;
  /** Examples shown of the strongest, and of every interval. */
  strongest: number;
  perInterval: number;
  /** Tokens shown before and after the peak. */
  before: number;
  after: number;
}

/** A feature as a person would want to read it. */
export function featureView(feature: FeatureResult, options: FeatureViewOptions): string {
  const { colors } = options;
  const head = `${colors.bold(`${feature.atlas}/${feature.index}`)}  ${colors.dim(feature.site)}`;
  if (feature.fired === 0) return `${head}\n\nIt never fired while the atlas was made: there is nothing to show.`;
  const sections = [
    `${head}\nfires on ${formatCount(feature.fired)} tokens (${percent(feature.density)}), largest activation ${number(feature.maximum)}, mean when on ${number(feature.mean)}`,
    `${colors.bold("activations")}  ${colors.dim("(log counts)")}\n  0 ${histogramBars(feature.histogram.counts)} ${number(feature.maximum)}`,
    effects(feature, colors),
    related(feature, colors),
    ...groups(feature, options),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

function effects({ top, bottom }: FeatureResult, colors: Colors): string {
  const list = (tokens: FeatureResult["top"]): string =>
    tokens
      .slice(0, 10)
      .map(({ text, value }) => `${quoted(text)} ${colors.dim(signed(value))}`)
      .join("  ");
  return `${colors.bold("output tokens")}  ${colors.dim("(direct logit effect)")}\n  ${colors.green("up")}    ${list(top)}\n  ${colors.red("down")}  ${list(bottom)}`;
}

function related({ tokens, neighbours, coactive }: FeatureResult, colors: Colors): string {
  const section = (title: string, measure: string, items: { label: string; value: number }[]): string =>
    items.length === 0
      ? ""
      : `${colors.bold(title)}  ${colors.dim(`(${measure})`)}\n  ${items.map(({ label, value }) => `${label} ${colors.dim(value.toFixed(2))}`).join("  ")}`;
  const feature = ({ index, topToken }: { index: number; topToken: string }): string => `${index} ${quoted(topToken)}`;
  const sections = [
    section(
      "fires on",
      "NPMI",
      tokens.slice(0, 10).map(({ text, npmi }) => ({ label: quoted(text), value: npmi })),
    ),
    section(
      "neighbours",
      "cosine",
      neighbours.slice(0, 8).map((other) => ({ label: feature(other), value: other.cosine })),
    ),
    section(
      "fires with",
      "NPMI",
      coactive.slice(0, 8).map((other) => ({ label: feature(other), value: other.npmi })),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function groups(feature: FeatureResult, options: FeatureViewOptions): string[] {
  const { colors, intervals } = options;
  const fresh = feature.examples.filter(({ repeat }) => !repeat);
  const order = [-1, ...Array.from({ length: intervals }, (_, i) => intervals - 1 - i)];
  return order.map((interval) => {
    const own = fresh.filter((example) => example.interval === interval).slice(0, interval < 0 ? options.strongest : options.perInterval);
    if (own.length === 0) return "";
    const range =
      interval < 0
        ? "strongest"
        : `from ${number((feature.maximum * interval) / intervals)} to ${number((feature.maximum * (interval + 1)) / intervals)}`;
    return `${colors.bold(range)}\n${own.map((example) => exampleLine(example, feature.maximum, options)).join("\n")}`;
  });
}

function exampleLine(example: FeatureResult["examples"][number], maximum: number, { colors, before, after }: FeatureViewOptions): string {
  const { tokens, cutBefore, cutAfter } = windowAround(example.tokens, example.peak, before, after);
  const activation = example.tokens[example.peak]?.activation ?? 0;
  return `  ${colors.dim(number(activation).padStart(7))}  ${cutBefore ? "…" : ""}${shadedText(tokens, maximum, colors)}${cutAfter ? "…" : ""}`;
}

/** A token in quotes that show its spaces. */
export function quoted(text: string): string {
  return `‘${visibleText(text)}’`;
}

/** Four significant digits, without an exponent where it can be read without. */
export function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function signed(value: number): string {
  return `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
}

/** 0.0123 → `1.23 %` */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
