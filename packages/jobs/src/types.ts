import type { Job } from "@lexiscope/contract";

export type JobKind = Job["kind"];
export type JobState = Job["state"];

/** Where jobs live: `lexiscopeHome()` unless told otherwise. */
export interface HomeOption {
  home?: string | undefined;
}

/** How a job's process is started. Given by the caller each time: what runs is never read from a file. */
export interface LaunchOptions extends HomeOption {
  /** The CLI's main file, run by this Node. */
  entry: string;
  /** 0 to 19; 10 unless told otherwise: what a person waits for goes first. */
  nice?: number | undefined;
  /** Jobs download nothing, either. */
  offline?: boolean | undefined;
}

export interface JobRequest {
  kind: JobKind;
  /** Command and arguments; `--json` is added. */
  argv: readonly string[];
  /** What it does, in a few words. */
  title: string;
  /** Where relative paths in `argv` begin; the present folder unless told otherwise. */
  cwd?: string | undefined;
}
