import type { SearchResult } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { number, percent, quoted } from "../look/feature-view.ts";
import { withAtlas } from "../look/session.ts";
import { count } from "../options.ts";
import { formatTable } from "../text.ts";

export function searchCommand(): AnyCommand {
  return createCommand("search", "Find features by a word in their examples, top tokens or output tokens.", [
    ["features about bridges", "lexiscope search bridge"],
    ["several words", 'lexiscope search "north pole"'],
  ])
    .argument("<words...>", "what to look for")
    .option("--atlas <name>", "atlas to search (default: the only one)")
    .option("--limit <n>", "features shown", count("--limit", { max: 10_000 }), 20)
    .action((words, options) =>
      runCommand(options, async ({ out, colors }) => {
        const query = words.join(" ").trim();
        if (query === "")
          throw new LexiscopeError("invalid_input", "there is nothing to search for", { field: "words", hint: "lexiscope search bridge" });
        await withAtlas(options.atlas, async (atlas, name) => {
          const found = atlas.search(query, options.limit);
          const summaries = new Map(atlas.summaries(found.map(({ index }) => index)).map((summary) => [summary.index, summary]));
          const results: SearchResult["results"] = found.flatMap(({ index, score, where }) => {
            const summary = summaries.get(index);
            return summary ? [{ index, score, where, topToken: summary.topToken, density: summary.density, maximum: summary.maximum }] : [];
          });
          if (results.length === 0)
            out.print(`No feature of ${name} has ${JSON.stringify(query)} in its top token, examples or output tokens.`);
          else {
            const rows = results.map(({ index, where, topToken, density, maximum }) => [
              colors.bold(`${name}/${index}`),
              quoted(topToken),
              colors.dim(`fires on ${percent(density)}`),
              colors.dim(`max ${number(maximum)}`),
              colors.dim(where.join(", ")),
            ]);
            out.print(formatTable(rows));
            out.print(colors.dim(`\`lexiscope feature ${name}/${results[0]?.index}\` shows the first.`));
          }
          out.result({ atlas: name, query, results } satisfies SearchResult);
        });
      }),
    );
}
