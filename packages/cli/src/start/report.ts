import type { StartResult } from "@lexiscope/contract";
import { readableRule } from "@lexiscope/atlas";
import { formatBytes } from "@lexiscope/core";
import { basename } from "node:path";
import type { Colors } from "../colors.ts";
import { percent, quoted } from "../look/feature-view.ts";
import { inspectView } from "../look/inspect-view.ts";
import { numbersView } from "../look/numbers-view.ts";
import { formatCount, formatSeconds, formatTable } from "../text.ts";

const steeredRule =
  "By rule: of the features above, each at 1 to 2.5 times its maximum, the first answer that says the feature's word while the plain one does not; if none does, the one furthest along the feature's direction when it is read again without the edit. Answers in which half of the words or more are repeats do not count.";

/** All that `start` shows, from its result alone. */
export function startReport(result: StartResult, colors: Colors): string {
  const name = basename(result.atlas);
  const head = (text: string): string => `\n${colors.bold(text)}`;
  const { numbers, features, steered } = result;
  const parts = [
    `${colors.bold(name)}: a dictionary of ${formatCount(numbers.features)} features for ${result.model.name} at ${numbers.site}, learned from ${formatCount(numbers.tokensSeen)} tokens.`,
    head("Its numbers"),
    numbersView(numbers, colors),
    head(features.length === 0 ? "Features" : `${features.length} features that can be read`),
    features.length === 0
      ? "No feature passes the rule of readability; more text or more training helps."
      : formatTable(
          [
            ["feature", "word at the peak", "fires on", "maximum", "consistency"].map(colors.dim),
            ...features.map((f) => [
              colors.bold(String(f.index)),
              quoted(f.word),
              percent(f.density),
              f.maximum.toFixed(1),
              percent(f.consistency),
            ]),
          ],
          [0, 2, 3, 4],
        ),
    colors.dim(readableRule),
    head("A sentence, with its strongest features"),
    inspectView(result.inspected, colors),
  ];
  if (steered) {
    parts.push(
      head(`An answer, plain and with feature ${steered.feature} ${quoted(steered.word)} turned up (${steered.edit})`),
      colors.dim(steeredRule),
      `${colors.dim("question")}  ${steered.prompt}`,
      `${colors.dim("plain   ")}  ${steered.plain.trim()}`,
      `${colors.dim("steered ")}  ${steered.edited.trim()}`,
      colors.dim(
        `Read again without the edit, the mean of (x − x̄)·d̂ over its tokens is ${percent(steered.presentEdited)} of the feature's maximum; over the plain answer's ${percent(steered.presentPlain)}.`,
      ),
    );
  }
  parts.push(head("Time and memory"), phasesTable(result, colors), head("Go on with"), nextSteps(result, name));
  return parts.join("\n");
}

function phasesTable({ phases, machine, cpuPath }: StartResult, colors: Colors): string {
  const rows = phases.map(({ name, seconds, peakBytes }) => [
    name,
    formatSeconds(seconds),
    peakBytes === null ? "" : colors.dim(`up to ${formatBytes(peakBytes)}`),
  ]);
  rows.push(["all", formatSeconds(phases.reduce((sum, { seconds }) => sum + seconds, 0)), ""]);
  return `${formatTable(rows, [1])}\n${colors.dim(`on ${machine}, CPU path ${cpuPath}`)}`;
}

function nextSteps({ features, steered }: StartResult, name: string): string {
  const first = features[0]?.index ?? 0;
  return [
    `  ./lexiscope feature ${name}/${first}`,
    `  ./lexiscope search ${features[1]?.word ?? "whale"}`,
    `  ./lexiscope inspect "any sentence of yours"`,
    `  ./lexiscope chat --edit "${steered?.edit ?? `clamp:${first}=1.5x`}" --beside`,
    "  ./lexiscope help",
  ].join("\n");
}
