import { atlasIdentity, openOverlay } from "@lexiscope/atlas";
import { LexiscopeError, formatBytes, writeFileAtomic } from "@lexiscope/core";
import { exportFeature, exportFormats, exportList, type ExportedFile } from "@lexiscope/server";
import { resolve } from "node:path";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { parseView } from "../look/parse-view.ts";
import { withAtlas } from "../look/session.ts";
import { count, oneOf } from "../options.ts";

export function exportCommand(): AnyCommand {
  return createCommand("export", "Write a feature, or a view of the list of features, as JSON, CSV, SVG or PNG.", [
    ["a picture of a feature", "lexiscope export first/1234 --format png"],
    ["its examples as a table, to the standard output", "lexiscope export first/1234 --format csv --out -"],
    ["what a link of the page shows", 'lexiscope export "/atlas/first?q=france&sort=maximum" --format csv'],
  ])
    .argument("<view>", "ATLAS/N, ATLAS, or a link of the page")
    .option("--format <format>", exportFormats.join(", "), oneOf("--format", exportFormats), "json" as const)
    .option("--limit <n>", "rows of a list (default: 10,000; 40 in a picture)", count("--limit", { max: 100_000 }))
    .option("--out <file>", "file to write (default: a name of its own in this folder; - = standard output)")
    .action((ref, options) =>
      runCommand(options, async (context) => {
        const { out, signal, json } = context;
        const view = parseView(ref);
        const { format, limit } = options;
        if (options.out === "-" && json)
          throw new LexiscopeError("invalid_input", "--out - and --json both want the standard output", {
            field: "--out",
            hint: "name a file",
          });
        const file = await withAtlas(view.atlas, async (atlas, name) => {
          const overlay = openOverlay(atlas.path, atlasIdentity(atlas.manifest));
          try {
            return view.feature === undefined
              ? await exportList({ atlas, overlay, name, query: { ...view.query, limit }, format, signal })
              : await exportFeature({ atlas, overlay, name, feature: view.feature, format, signal });
          } finally {
            overlay.close();
          }
        });
        if (options.out === "-") {
          process.stdout.write(file.body);
          return;
        }
        const path = resolve(options.out ?? file.filename);
        const bytes = bytesOf(file);
        await writeFileAtomic(path, bytes);
        out.print(`${path} (${formatBytes(bytes.length)})`);
        out.result({ path, bytes: bytes.length, format });
      }),
    );
}

function bytesOf({ body }: ExportedFile): Uint8Array {
  return typeof body === "string" ? Buffer.from(body) : body;
}
