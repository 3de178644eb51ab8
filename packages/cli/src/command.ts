import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";

/** A command as the registry holds it, whatever its options are. */
export type AnyCommand = CommandUnknownOpts;

/** A command's own examples, shown under its help: `["what it does", "lexiscope …"]`. */
export type Example = readonly [what: string, command: string];

type Common = { json?: true | undefined; offline?: true | undefined };

/** A new command with the options that all of them share. */
export function createCommand(name: string, summary: string, examples: readonly Example[]): Command<[], Common> {
  const shown = examples.map(([what, command]) => `  # ${what}\n  $ ${command}`).join("\n");
  return new Command(name)
    .description(summary)
    .option("--json", "one JSON object a line: progress, then the result as the last line")
    .option("--offline", "never touch the network")
    .addHelpText("after", `\nExamples:\n${shown}`);
}
