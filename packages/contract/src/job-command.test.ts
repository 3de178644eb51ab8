import fc from "fast-check";
import { expect, it } from "vitest";
import { startJobSchema } from "./http/jobs.ts";
import { commandLine, jobArgv, splitCommandLine } from "./job-command.ts";

const argv = (job: unknown): string[] => jobArgv(startJobSchema.parse(job));

it("writes each kind of job as its command takes it", () => {
  expect(argv({ kind: "start", tokens: 100_000 })).toEqual(["start", "--no-page", "--name", "first", "--tokens", "100000"]);
  expect(argv({ kind: "harvest", sites: ["blocks.3.hook_resid_post", "blocks.5.hook_resid_post"], text: ["-odd.txt"] })).toEqual([
    "harvest",
    "--text=-odd.txt",
    "--site",
    "blocks.3.hook_resid_post",
    "--site",
    "blocks.5.hook_resid_post",
  ]);
  expect(argv({ kind: "train", store: "first", learningRate: 0.001, baselines: false })).toEqual([
    "train",
    "--store",
    "first",
    "--lr",
    "0.001",
    "--no-baselines",
  ]);
  expect(argv({ kind: "index", dictionary: "a", store: "b", out: "c", replace: true })).toEqual([
    "index",
    "--dictionary",
    "a",
    "--store",
    "b",
    "--atlas",
    "c",
    "--replace",
  ]);
});

it("quotes what a shell would take apart, and reads it back", () => {
  expect(commandLine(["train", "--store", "my store", "it's"])).toBe(`lexiscope train --store 'my store' 'it'\\''s'`);
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }).filter((word) => !word.includes("\0"))), (words) => {
      expect(splitCommandLine(commandLine(words))).toEqual(["lexiscope", ...words]);
    }),
  );
});
