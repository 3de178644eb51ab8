import { statSync } from "node:fs";

/** Differs when another file lies at `path` than before; undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev}-${found.ino}`;
}
