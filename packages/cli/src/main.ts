import { Command, CommanderError } from "@commander-js/extra-typings";
import { LexiscopeError, version } from "@lexiscope/core";
import { applyNice } from "./nice.ts";
import { reportError } from "./report-error.ts";
import { registry } from "./registry.ts";

/** Runs the command line `argv` (without node and script). Sets `process.exitCode`; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  quietBrokenPipe();
  applyNice();
  const json = argv.includes("--json");
  try {
    const program = new Command("lexiscope")
      .description("An instrument for looking inside open language models by dictionary learning.")
      .version(version, "-V, --version")
      .exitOverride()
      .configureOutput(json ? { writeErr: () => {} } : {})
      .showHelpAfterError("`lexiscope help COMMAND` shows the options and examples.")
      .addHelpText("after", `\nBegin with:\n  $ lexiscope start\n\n\`lexiscope help COMMAND\` shows a command's options and examples.`);
    const words = argv.filter((word) => !word.startsWith("-"));
    const named = words[0];
    if (named === "help" && words[1] !== undefined && !registry.some((entry) => entry.name === words[1]))
      throw new LexiscopeError("invalid_input", `there is no command ${JSON.stringify(words[1])}`, { hint: "`lexiscope help` lists them" });
    const called = registry.filter((entry) => entry.name === named);
    const entries = called.length > 0 ? called : registry;
    for (const entry of entries) {
      const command = await entry.load();
      program.addCommand(command.copyInheritedSettings(program));
    }
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    process.exitCode = leave(error, json);
  }
}

/** Commander has printed its usage errors itself, except for programs. */
function leave(error: unknown, json: boolean): number {
  if (!(error instanceof CommanderError)) return reportError(error, { json });
  if (error.exitCode === 0) return 0;
  const wrong = new LexiscopeError("invalid_input", error.message.replace(/^error: /, ""), {
    hint: "`lexiscope help COMMAND` shows the options",
  });
  return json ? reportError(wrong, { json }) : wrong.exitCode;
}

function unwritable(cause: NodeJS.ErrnoException): LexiscopeError {
  return new LexiscopeError("environment", `the output cannot be written: ${cause.message}`, {
    cause,
    hint: "free some space, or write it elsewhere",
  });
}

/** `lexiscope list | head -1` ends quietly; a full disk behind `>` is said. */
function quietBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      if (stream === process.stdout) process.exitCode = reportError(unwritable(error), { json: false });
      process.exit(process.exitCode ?? 7);
    });
  }
}
