import { formatBytes } from "@lexiscope/core";
import { describeHome } from "@lexiscope/shelves";
import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { formatTable } from "../text.ts";

export function listCommand(): AnyCommand {
  return createCommand("list", "Show models, text, stores, dictionaries and atlases with their disk use.", [
    ["everything", "lexiscope list"],
    ["names of the atlases, for a script", "lexiscope list --json | tail -1 | jq -r '.items[] | select(.kind == \"atlas\").name'"],
  ]).action((options) =>
    runCommand(options, async ({ out, colors }) => {
      const result = await describeHome();
      const { home, items } = result;
      if (items.length === 0) out.print(`Nothing is kept in ${home} yet. \`lexiscope start\` makes the first atlas.`);
      else {
        out.print(
          formatTable(
            items.map((item) => [
              item.kind,
              colors.bold(item.name),
              formatBytes(item.bytes),
              item.complete ? item.summary : colors.yellow(item.summary),
            ]),
            [2],
          ),
        );
        out.print(
          colors.dim(
            `${formatBytes(result.bytes)} in ${home}; ${formatBytes(result.freeBytes)} free. \`lexiscope remove NAME\` deletes one.`,
          ),
        );
      }
      out.result(result);
    }),
  );
}
