import { LexiscopeError } from "@lexiscope/core";

/** Jobs need a start time of processes and a Ctrl-C that can be sent; Windows has neither in this form. */
export function requireSupportedSystem(): void {
  if (process.platform !== "win32") return;
  throw new LexiscopeError("unsupported", "jobs run on Linux and macOS only", {
    hint: "run the command in a terminal instead, or use Lexiscope inside WSL",
  });
}
